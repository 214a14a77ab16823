import BenchSupport
import RecordFormat
import SegmentStore
import SystemPackage

extension Benchmark {
    /// The storage, without the kernel's part: system calls are not counted.
    static let storage = [
        Benchmark(
            name: "point-read",
            about: "look an offset up in a segment's index, read 4 KiB there, walk to its batch and verify it",
            operation: "read",
            passesCounted: 2
        ) { workspace in
            let log = try StoredRecords(in: try workspace.directory(), batches: 2000)
            var random = SplitMix(seed: 11)
            let offsets = (0..<1000).map { _ in Offset(Int64(random.next() % UInt64(log.end.value))) }
            return HotLoop(operations: offsets.count, end: log.close) {
                for offset in offsets {
                    let found = try log.partition.read(from: offset, bytesMax: ByteCount(1)).batches
                    let isFound = found.first.map { $0.baseOffset <= offset && offset <= $0.lastOffset } ?? false
                    try WrongOutcome.check(isFound, is: true, "whether offset \(offset) was found")
                }
            }
        }
    ]
}

/// A store with one partition of many small batches, none of which is kept in memory.
private struct StoredRecords {
    private static let batchRecords = 10

    let partition: PartitionLog
    private let store: LogStore

    var end: Offset { partition.watermarks.visible.offset }

    init(in directory: String, batches: Int) throws {
        var configuration = StoreConfiguration(directory: FilePath(directory))
        configuration.ringBytes = .mebibytes(16)
        configuration.frameBytesMax = .mebibytes(2)
        configuration.tailBytesMax = .zero
        store = try LogStore.open(
            configuration,
            fileSystem: PosixFileSystem(),
            wallTime: { SampleRecords.start },
            randomBytes: { [UInt8](repeating: 9, count: $0) },
            report: { _ in }
        )
        let topic = StoredTopic(
            id: TopicID(high: 1, low: 1),
            name: TopicName(internal: "orders"),
            partitionCount: 1
        )
        try store.createTopic(topic)
        let key = PartitionKey(topic: topic.id, partition: .zero)
        let records = SampleRecords(count: 1000)
        for _ in 0..<batches * Self.batchRecords / records.values.count {
            let append = PartitionAppend(key: key, batches: records.batches(of: Self.batchRecords))
            for case .refused(let refusal) in try store.commit([CommitRequest(appends: [append])]) {
                throw WrongOutcome(description: "the store has refused records: \(refusal)")
            }
        }
        guard let partition = store.partition(key) else { throw WrongOutcome(description: "there is no partition") }
        self.partition = partition
    }

    func close() async {
        try? store.close()
    }
}
