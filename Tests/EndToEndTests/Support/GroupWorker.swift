import Foundation

/// A worker that is not ours: `group-worker.py`, a member over a WebSocket that prints what it was told.
final class GroupWorker {
    let name: String
    let child: Child

    init(
        _ name: String,
        group: String,
        topic: String,
        commitTimeout: String,
        instance: String? = nil,
        of broker: BrokerProcess,
        in sandbox: Sandbox
    ) throws {
        self.name = name
        let script = try PythonScript("group-worker.py")
        let more = instance.map { [$0] } ?? []
        child = try script.start(in: sandbox, arguments: [broker.server, group, topic, commitTimeout] + more)
    }

    /// What it had, up to now.
    func tenures() throws -> [Tenure] {
        try Tenure.list(in: child.output, worker: name)
    }

    /// Stops it as an operator does; it commits before it ends.
    func stop() async throws -> Child.Exit {
        child.send(SIGTERM)
        return try await child.ended()
    }
}
