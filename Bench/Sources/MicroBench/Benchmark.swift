import ArgumentParser

/// A hot loop of the broker, by its name.
struct Benchmark: Sendable {
    /// What it is called in reports and in Bench/instructions.txt.
    let name: String
    /// What it does, as a list tells it.
    let about: String
    /// What figures are told per: a record, say.
    let operation: String
    /// How many passes are counted: enough that a million instructions and more are.
    let passesCounted: Int
    /// Makes its data.
    let prepare: @Sendable (Workspace) async throws -> HotLoop

    /// Every loop, from the bytes up to the API.
    static let all = varints + batches + json + api + groups + storage + collections

    /// The loop of that name.
    static func named(_ name: String) throws -> Benchmark {
        guard let found = all.first(where: { $0.name == name }) else {
            let names = all.map(\.name).joined(separator: ", ")
            throw ValidationError("there is no loop '\(name)'; there are \(names)")
        }
        return found
    }
}

/// A loop whose data is made.
struct HotLoop {
    /// How many operations a pass does.
    let operations: Int
    /// How many bytes a pass goes over; 0 where bytes say little.
    let bytes: Int
    /// Does them, and throws where they do not do what they should: what does nothing is not fast.
    let pass: () async throws -> Void
    /// Stops what runs beside it.
    let end: () async -> Void

    /// A loop over values that are made.
    init(operations: Int, bytes: Int = 0, end: @escaping () async -> Void = {}, pass: @escaping () async throws -> Void)
    {
        self.operations = operations
        self.bytes = bytes
        self.pass = pass
        self.end = end
    }
}

/// A loop did something else than it should.
struct WrongOutcome: Error, CustomStringConvertible {
    let description: String

    /// Throws unless the outcome is the one expected.
    static func check<Value: Equatable>(_ found: Value, is expected: Value, _ what: String) throws {
        guard found != expected else { return }
        throw WrongOutcome(description: "\(what): \(found), and not \(expected)")
    }
}
