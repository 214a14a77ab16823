import BenchSupport
import Glibc
import Synchronization

/// One connection that produces requests one after the other, until it is told to stop or the broker is gone.
final class Producer: Sendable {
    /// What all producers of a run share.
    final class Shared: Sendable {
        let number = Atomic<UInt64>(1)
        let acknowledged = Atomic<Int>(0)
        let refused = Atomic<Int>(0)
        let mustStop = Atomic<Bool>(false)
        /// How often each problem was the answer, by status and code.
        let problems = Mutex<[String: Int]>([:])
        /// What a producer saw that must not be.
        let violation = Mutex<(any Error)?>(nil)
    }

    private let shared: Shared
    private let port: UInt16
    private let topics: [TopicModel]
    private let seed: UInt64
    private let recordsMax: Int
    private let thread = Mutex<SystemThread?>(nil)

    init(_ shared: Shared, port: UInt16, topics: [TopicModel], seed: UInt64, recordsMax: Int) {
        self.shared = shared
        self.port = port
        self.topics = topics
        self.seed = seed
        self.recordsMax = recordsMax
    }

    func start() {
        thread.withLock { $0 = SystemThread { self.run() } }
    }

    func join() {
        thread.withLock { $0 }?.join()
    }

    private func run() {
        var random = SplitMix(seed: seed)
        do {
            var connection = try HTTPConnection(port: port)
            while !shared.mustStop.load(ordering: .acquiring) {
                let topic = topics[Int.random(in: topics.indices, using: &random)]
                let isKept = try produce(to: topic, over: connection, &random)
                // After a refusal that came before the body was read.
                if !isKept { connection = try HTTPConnection(port: port) }
            }
        } catch is HTTPConnection.Broken {
            // The broker was killed: what it was asked last stays open.
        } catch is SystemFailure {
            // The same, seen by another call.
        } catch {
            shared.violation.withLock { $0 = $0 ?? error }
        }
    }

    /// Sends one request.
    /// - Returns: whether the connection takes another one.
    private func produce(
        to topic: TopicModel,
        over connection: HTTPConnection,
        _ random: inout SplitMix
    ) throws -> Bool {
        let request = SentRequest(
            number: shared.number.add(1, ordering: .relaxed).oldValue,
            count: Int.random(in: 1...recordsMax, using: &random),
            partitionCount: topic.partitionCount,
            random: &random
        )
        topic.sent(request)
        let answer = try connection.exchange(request.http(topic.name, topic.payload))
        switch answer.status {
        case 200:
            try topic.acknowledged(request, try request.bases(in: answer))
            shared.acknowledged.add(request.partitions.count, ordering: .relaxed)
        case let status where [429, 503, 507].contains(status) && answer.hasNoSideEffects:
            topic.refused(request)
            shared.refused.add(1, ordering: .relaxed)
            shared.problems.withLock { $0["\(status) \(answer.problem)", default: 0] += 1 }
            usleep(1000)
        default:
            throw Violation("a produce request was answered \(answer.status): \(answer.text)")
        }
        return answer.keepsConnection
    }
}
