import BrokerCore
import NIOCore
import RecordFormat

/// The body of a commit.
///
///     {"session":"...","offsets":[{"topic":"orders","partition":3,"offset":951,"epoch":17,"metadata":"note"}],
///      "progress":[{"topic":"orders","partition":0}],"release":[]}
struct CommitDocument: Sendable {
    /// What is asked for.
    struct Content: Sendable {
        /// What to commit.
        let items: [CommitOffsetsRequest.Item]
        /// Leases to renew.
        let progress: [TopicPartition]
        /// Partitions to give back.
        let release: [TopicPartition]
    }

    /// The token of the member; nil when the body has none.
    let session: String?
    /// What is asked for.
    let content: Content

    private static let names: [StaticString] = ["session", "offsets", "progress", "release"]

    /// Reads and checks a body.
    init(_ body: ByteBuffer, in namespace: Namespace, itemsMax: Int) throws(Problem) {
        (session, content) = try JSONDocument.read(body) { (bytes, value) throws(Problem) in
            let fields = try JSONFields(bytes, value, known: Self.names)
            let session = try fields.string(0)
            let content = try Content(
                bytes,
                offsets: fields.elements(1),
                progress: fields.elements(2),
                release: fields.elements(3),
                in: namespace,
                itemsMax: itemsMax
            )
            return (session, content)
        }
    }
}

extension CommitDocument.Content {
    private static let itemNames: [StaticString] = ["topic", "partition", "offset", "epoch", "metadata"]
    private static let partitionNames: [StaticString] = ["topic", "partition"]

    /// Reads the elements of the three lists.
    init(
        _ bytes: UnsafeRawBufferPointer,
        offsets: [Range<Int>],
        progress: [Range<Int>],
        release: [Range<Int>],
        in namespace: Namespace,
        itemsMax: Int
    ) throws(Problem) {
        let count = offsets.count + progress.count + release.count
        guard count > 0, count <= itemsMax else {
            throw Problem.invalidRequest(
                "a commit has from 1 to \(itemsMax) offsets, progress and release together, not \(count)"
            )
        }
        items = try Self.map(offsets) { (index, range) throws(Problem) in
            try Self.item(bytes, range, in: namespace, path: "offsets[\(index)].")
        }
        self.progress = try Self.partitions(bytes, progress, "progress", in: namespace)
        self.release = try Self.partitions(bytes, release, "release", in: namespace)
    }

    /// Reads the elements of a list of partitions.
    static func partitions(
        _ bytes: UnsafeRawBufferPointer,
        _ ranges: [Range<Int>],
        _ name: String,
        in namespace: Namespace
    ) throws(Problem) -> [TopicPartition] {
        try map(ranges) { (index, range) throws(Problem) in
            let fields = try JSONFields(bytes, range, known: partitionNames, path: "\(name)[\(index)].")
            return try partition(fields, in: namespace)
        }
    }

    private static func map<Value>(
        _ ranges: [Range<Int>],
        _ read: (Int, Range<Int>) throws(Problem) -> Value
    ) throws(Problem) -> [Value] {
        var values: [Value] = []
        for (index, range) in ranges.enumerated() { values.append(try read(index, range)) }
        return values
    }

    private static func item(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        in namespace: Namespace,
        path: String
    ) throws(Problem) -> CommitOffsetsRequest.Item {
        let fields = try JSONFields(bytes, range, known: itemNames, path: path)
        let partition = try partition(fields, in: namespace)
        guard let offset = try fields.integer(2) else { throw fields.missing(2) }
        guard offset >= 0 else { throw Problem.invalidRequest("\(path)offset is from 0, not \(offset)") }
        guard let epoch = try fields.integer(3) else { throw fields.missing(3) }
        return CommitOffsetsRequest.Item(
            partition: partition,
            offset: Offset(offset),
            epoch: epoch,
            metadata: try fields.string(4) ?? ""
        )
    }

    private static func partition(_ fields: JSONFields, in namespace: Namespace) throws(Problem) -> TopicPartition {
        guard let topic = try fields.string(0) else { throw fields.missing(0) }
        guard let number = try fields.integer(1) else { throw fields.missing(1) }
        guard number >= 0, let index = Int32(exactly: number) else {
            throw Problem.invalidRequest("a partition is a number from 0, not \(number)")
        }
        do throws(NameError) {
            return TopicPartition(try TopicName(validating: topic, in: namespace), PartitionIndex(index))
        } catch {
            throw Problem(error, of: "topic")
        }
    }
}
