import Foundation

/// What was waited for did not come in time.
struct Overdue: Error, CustomStringConvertible {
    let description: String
}

/// Asks until there is an answer: the one place where these tests wait for other processes.
///
/// Other tests may keep the threads of this process to themselves for longer than the limit; that is not the others'
/// fault who are waited for, and so they are asked a number of times in any case.
/// - Throws: ``Overdue`` after `limit`, what `probe` throws, and `CancellationError`.
func eventually<Value>(
    _ what: String,
    within limit: Duration = .seconds(60),
    _ probe: () async throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now + limit
    var count = 0
    while true {
        if let value = try await probe() { return value }
        try Task.checkCancellation()
        count += 1
        guard count < 100 || ContinuousClock.now < deadline else {
            throw Overdue(description: "not within \(limit): \(what)")
        }
        await pause()
    }
}

/// Asks until it is so.
func eventually(
    _ what: String,
    within limit: Duration = .seconds(60),
    _ isSo: () async throws -> Bool
) async throws {
    _ = try await eventually(what, within: limit) { try await isSo() ? true : nil }
}

/// Gives other processes the machine for a moment, and blocks no thread of this one.
private func pause() async {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) { continuation.resume() }
    }
}
