import Foundation

/// Runs a long computation on a thread of its own, and returns what it found wrong: expectations belong to the test's task.
///
/// Tests share a few threads, as many as there are cores. A test that computes for a minute would hold one of them all that
/// time, and tests that wait for a server's answer would run into their time limits.
func onItsOwnThread(_ body: @escaping @Sendable () throws -> [String]) async throws -> [String] {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread {
            continuation.resume(with: Result { try body() })
        }
        thread.stackSize = 8 << 20
        thread.start()
    }
}
