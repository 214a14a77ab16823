import Foundation
import MillraceClient
import Synchronization
import Testing

extension EndToEndTests {
    /// A broker that is killed between a commit and its answer, many times: the commit is in force or it is not, for all
    /// of its partitions alike.
    @Suite struct CommitKillTests {
        private static let topic = "jobs"
        private static let group = "payers"
        private static let partitions = 8
        private static let kills = 24

        /// The member as its stream tells of it: who it is, and under which epoch it has each partition.
        private final class Member: Sendable {
            private let state = Mutex<(session: GroupMembership, epochs: [Int32: Int64])?>(nil)

            /// Gives out what is known, once it has all partitions; what is told afterwards is another life's.
            func take() -> (session: GroupMembership, epochs: [Int32: Int64])? {
                state.withLock { state in
                    guard let known = state, known.epochs.count == partitions else { return nil }
                    state = nil
                    return known
                }
            }

            /// Joins, and notes each assignment.
            func follow(_ client: MillraceClient) async throws {
                var session: GroupMembership?
                for try await event in client.joinGroup(GroupJoinOptions(group: group, topics: [topic])) {
                    switch event {
                    case .joined(let joined): session = joined
                    case .assigned(_, let partitions):
                        guard let session else { continue }
                        let epochs = Dictionary(uniqueKeysWithValues: partitions.map { ($0.partition, $0.epoch ?? 0) })
                        state.withLock { $0 = (session, epochs) }
                    default: continue
                    }
                }
            }
        }

        /// What became of the commits.
        private struct Outcomes: CustomStringConvertible {
            var answered = 0
            var inForce = 0
            var lost = 0

            var description: String {
                "\(answered) answered before, \(inForce) in force without an answer, \(lost) not in force"
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func aCommitWithoutAnAnswerIsInForceOrNot() async throws {
            try await Sandbox.run { sandbox in
                var broker = try await BrokerProcess.start(in: sandbox)
                let outcomes = try await broker.withClient { client in
                    try await client.createTopic(Self.topic, partitions: Self.partitions)
                    try await Self.publish(with: client)
                    let member = Member()
                    let following = Task { try await member.follow(client) }
                    defer { following.cancel() }
                    var outcomes = Outcomes()
                    for number in 1...Self.kills {
                        let (session, epochs) = try await eventually("the member has all partitions") { member.take() }
                        let offset = Int64(number)
                        let commit = Task { await Self.commit(offset, session, epochs, client) }
                        try await Task.sleep(for: .microseconds(number % 8 * 3000))
                        try await broker.child.crash()
                        let answer = await commit.value
                        broker = try await BrokerProcess.start(in: sandbox, port: broker.port)
                        let committed = try await client.committed(Self.group)
                        try Self.judge(offset, answer, committed, &outcomes)
                    }
                    return outcomes
                }
                print("commits under \(Self.kills) kills of the broker: \(outcomes)")
                #expect(outcomes.inForce + outcomes.lost > 0, "no kill fell between a commit and its answer")
                #expect(try await broker.stop() == .status(0))
            }
        }

        /// Each partition gets a record for each kill, and some more.
        private static func publish(with client: MillraceClient) async throws {
            for partition in 0..<Int32(partitions) {
                let records = (0..<kills + 1).map { NewRecord(value: $0, partition: partition) }
                _ = try await client.produce(topic, records)
            }
        }

        /// Commits one offset on all partitions; nil when no answer came.
        private static func commit(
            _ offset: Int64,
            _ session: GroupMembership,
            _ epochs: [Int32: Int64],
            _ client: MillraceClient
        ) async -> [CommitResult]? {
            let offsets = epochs.map { partition, epoch in
                CommitOffset(topic: topic, partition: partition, offset: offset, epoch: epoch)
            }
            return try? await client.commit(session, offsets: offsets)
        }

        private static func judge(
            _ offset: Int64,
            _ answer: [CommitResult]?,
            _ committed: [Int32: Int64],
            _ outcomes: inout Outcomes
        ) throws {
            let offsets = Set(committed.values)
            #expect(committed.count == partitions)
            #expect(offsets.count == 1, "half of a commit is in force: \(committed)")
            let isInForce = offsets == [offset]
            if let answer {
                outcomes.answered += 1
                #expect(answer.allSatisfy { $0.result == "committed" }, "\(answer)")
                #expect(isInForce, "the commit of \(offset) was confirmed, and \(offsets) is in force")
            } else if isInForce {
                outcomes.inForce += 1
            } else {
                outcomes.lost += 1
            }
        }
    }
}
