import BrokerTestSupport
import RecordFormat
import Synchronization
import SystemPackage
import Testing

@testable import SegmentStore

/// A store whose wall clock the test sets, with one topic of one partition.
struct RetentionStore {
    let fileSystem: SimulatedFileSystem
    let store: LogStore
    let wall: WallNow
    static let key = TestStore.key

    /// A wall clock that stands until it is set.
    final class WallNow: Sendable {
        private let milliseconds = Mutex<Int64>(1_700_000_000_000)

        var now: Timestamp { milliseconds.withLock { Timestamp(millisecondsSinceEpoch: $0) } }

        func advance(seconds: Int64) {
            milliseconds.withLock { $0 += seconds * 1000 }
        }
    }

    init(_ fileSystem: SimulatedFileSystem = SimulatedFileSystem(), wall: WallNow = WallNow()) throws {
        self.fileSystem = fileSystem
        self.wall = wall
        store = try LogStore.open(
            StoreWorkload.configuration,
            fileSystem: fileSystem,
            wallTime: { wall.now },
            randomBytes: { count in
                var random = SplitMix64(seed: UInt64(count))
                return random.bytes(count)
            },
            report: { _ in }
        )
        guard store.topics().isEmpty else { return }
        let name = TopicName(internal: "orders")
        try store.createTopic(StoredTopic(id: TestStore.topic, name: name, partitionCount: 1))
    }

    func killed() throws -> RetentionStore { try RetentionStore(fileSystem.afterProcessDeath(), wall: wall) }

    /// The store of another machine that the power was cut on at this moment; this one lives on.
    func cut() throws -> RetentionStore {
        try RetentionStore(SimulatedFileSystem(fileSystem.image.survivors(seed: 1, .losesAll)), wall: wall)
    }

    func log() throws -> PartitionLog { try #require(store.partition(Self.key)) }

    /// Appends one record of about 100 bytes: seven fill a segment.
    func append(_ value: String, at time: Timestamp? = nil) throws {
        if store.checkpointUrgency >= .due { try checkpoint() }
        var builder = RecordBatchBuilder()
        Array(value.utf8).withUnsafeBytes { builder.append(timestamp: time ?? wall.now, key: nil, value: $0) }
        let append = PartitionAppend(key: Self.key, batches: [builder.finish()])
        let outcome = try #require(try store.commit([CommitRequest(appends: [append])]).first)
        #expect(outcome.isCommitted)
    }

    func fill(_ range: Range<Int>, at time: Timestamp? = nil) throws {
        for number in range { try append(Self.value(number), at: time) }
    }

    static func value(_ number: Int) -> String { "\(number)" + String(repeating: "x", count: 30) }

    func checkpoint() throws {
        let checkpoint = try #require(store.captureCheckpoint())
        try store.complete(checkpoint)
    }

    @discardableResult
    func deletePrefix(before offset: Int64) throws -> CommitOutcome {
        let deletion = PrefixDeletion(key: Self.key, before: Offset(offset))
        return try #require(try store.commit([CommitRequest(appends: [], deletedPrefix: deletion)]).first)
    }

    /// The first offset and all values from there on, each checked to stand at its offset.
    func content() throws -> (start: Int64, values: [String]) {
        let log = try log()
        let start = log.watermarks.logStart.offset
        var next = start
        var values: [String] = []
        while next < log.watermarks.visible.offset {
            let slice = try log.read(from: next, bytesMax: ByteCount(300))
            for record in try slice.batches.flatMap({ try $0.decodedRecords() }) where record.offset >= next {
                #expect(record.offset.value == start.value + Int64(values.count))
                values.append(String(buffer: record.value ?? .init()))
            }
            next = slice.next
        }
        return (start.value, values)
    }

    /// The base offsets of the log files that are there.
    var files: [Int64] {
        let inner = "/\(TestStore.topic.hex)/0/"
        return fileSystem.paths.filter { $0.contains(inner) && $0.hasSuffix(".log") }
            .compactMap { Int64($0.dropLast(4).suffix(20)) }.sorted()
    }
}
