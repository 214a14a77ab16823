import BenchSupport
import Synchronization

/// Members of a consumer group that read a topic to its end and commit as they go, each on a thread and with connections of its own.
package struct GroupLoad: Sendable {
    package var port: UInt16
    package var topic: String
    package var partitions: Int
    package var group = "readers"
    package var members = 4
    /// A member commits after so many records.
    package var commitRecords = 1000
    /// The server, whose processor time is counted.
    package var server: ProcessFamily?

    package init(port: UInt16, topic: String, partitions: Int) {
        self.port = port
        self.topic = topic
        self.partitions = partitions
    }

    /// What came of it.
    package struct Outcome: Sendable {
        package let records: Int
        package let commits: Int
        /// From the first record at any member to the answer of the last commit.
        package let seconds: Double
        package let serverSeconds: Double
        package let clientSeconds: Double
    }

    /// What the members share.
    final class Board: Sendable {
        private struct State {
            var committed: [Int64]
            var commits = 0
            var begin: Int64?
            var end: Int64 = 0
            var failure: (any Error)?
        }

        private let ends: [Int64]
        private let state: Mutex<State>
        private let over = Atomic<Bool>(false)

        init(ends: [Int64]) {
            self.ends = ends
            state = Mutex(State(committed: Array(repeating: 0, count: ends.count)))
        }

        /// Whether everything is committed, or something failed.
        var isOver: Bool { over.load(ordering: .acquiring) }

        /// Records begin to come.
        func begin() {
            let now = MonotonicClock.nanoseconds
            state.withLock { $0.begin = min($0.begin ?? now, now) }
        }

        /// These next offsets are committed.
        func note(_ offsets: [(partition: Int, offset: Int64)]) {
            let now = MonotonicClock.nanoseconds
            let isDone = state.withLock { state in
                for (partition, offset) in offsets { state.committed[partition] = offset }
                state.commits += 1
                state.end = now
                return state.committed == ends
            }
            if isDone { over.store(true, ordering: .releasing) }
        }

        func fail(_ error: any Error) {
            state.withLock { $0.failure = $0.failure ?? error }
            over.store(true, ordering: .releasing)
        }

        func result() throws -> (commits: Int, seconds: Double) {
            try state.withLock { state in
                if let failure = state.failure { throw failure }
                return (state.commits, Double(state.end - (state.begin ?? state.end)) / 1e9)
            }
        }
    }

    /// Runs it; the members join together.
    ///
    /// - Throws: When a member gets other records than its next ones, or a commit is refused.
    package func run() throws -> Outcome {
        let ends = try Client(port: port).partitions(topic).map(\.end)
        let board = Board(ends: ends)
        let serverBefore = try server?.processorSeconds() ?? 0
        let clientBefore = ProcessFacts.ownSeconds
        let threads = (0..<members).map { _ in
            SystemThread {
                do {
                    var member = try GroupMember(self)
                    try member.run(board)
                } catch {
                    board.fail(error)
                }
            }
        }
        for thread in threads { thread.join() }
        let (commits, seconds) = try board.result()
        return Outcome(
            records: Int(ends.reduce(0, +)),
            commits: commits,
            seconds: seconds,
            serverSeconds: (try server?.processorSeconds() ?? 0) - serverBefore,
            clientSeconds: ProcessFacts.ownSeconds - clientBefore
        )
    }
}
