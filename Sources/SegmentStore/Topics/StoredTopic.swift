import NIOCore
import RecordFormat
import SystemPackage

/// A topic as its `topic` file keeps it.
///
/// ```
///  0 16  topic id
/// 16  4  partition count
/// 20  4  partition count at the creation
/// 24  2+n namespace, 2+n name      length u16, UTF-8
///     4  number of settings, then for each 2+n key, 2+n value
/// ```
public struct StoredTopic: Hashable, Sendable {
    /// The identity of this incarnation.
    public let id: TopicID
    /// The name.
    public let name: TopicName
    /// How many partitions it has, numbered from 0.
    public var partitionCount: Int32
    /// How many it was created with.
    public let initialPartitionCount: Int32
    /// Settings as text; of these the store knows `segmentBytesMax` and `onCorruption`, and only keeps the others.
    public var settings: [String: String]

    /// Whether partitions were added, so that a key may have records in two of them.
    public var hasGrown: Bool { partitionCount > initialPartitionCount }

    /// The size past which a segment of this topic does not grow; nil where the configuration's counts.
    var segmentBytesMax: ByteCount? {
        settings["segmentBytesMax"].flatMap { Int($0) }.map { ByteCount($0) }
    }

    /// Whether damage is passed with a gap, and sets no partition aside.
    var passesDamage: Bool { settings["onCorruption"] == "skip" }

    /// Creates a topic's description.
    /// - Parameter initialPartitionCount: the same as `partitionCount` where it is not given.
    public init(
        id: TopicID,
        name: TopicName,
        partitionCount: Int32,
        initialPartitionCount: Int32? = nil,
        settings: [String: String] = [:]
    ) {
        self.id = id
        self.name = name
        self.partitionCount = partitionCount
        self.initialPartitionCount = initialPartitionCount ?? partitionCount
        self.settings = settings
    }

    func encoded(directory: [UInt8]) -> ByteBuffer {
        var body = ByteBuffer()
        body.writeTopicID(id)
        body.writeMultipleIntegers(partitionCount, initialPartitionCount)
        body.writeShortString(name.namespace.value)
        body.writeShortString(name.name)
        body.writeInteger(UInt32(settings.count))
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) {
            body.writeShortString(key)
            body.writeShortString(value)
        }
        return SealedFile.encode(.topic, directory: directory, body: body)
    }

    init(decoding file: ByteBuffer, directory: [UInt8], path: FilePath) throws(StorageError) {
        var body = try SealedFile.decode(.topic, file, directory: directory, path: path).body
        func short() -> StorageError { .corrupt(path: path, position: .zero, reason: "the body is too short") }
        guard let id = body.readTopicID(),
            let (count, initial) = body.readMultipleIntegers(as: (Int32, Int32).self), initial > 0, count >= initial,
            let namespace = body.readShortString(), let name = body.readShortString(),
            let settingCount = body.readInteger(as: UInt32.self)
        else { throw short() }
        var settings: [String: String] = [:]
        for _ in 0..<settingCount {
            guard let key = body.readShortString(), let value = body.readShortString() else { throw short() }
            settings[key] = value
        }
        do throws(NameError) {
            let topic =
                name.hasPrefix("__")
                ? TopicName(internal: name) : try TopicName(validating: name, in: Namespace(validating: namespace))
            self.init(
                id: id,
                name: topic,
                partitionCount: count,
                initialPartitionCount: initial,
                settings: settings
            )
        } catch {
            throw .corrupt(path: path, position: .zero, reason: error.description)
        }
    }
}

extension ByteBuffer {
    mutating func writeTopicID(_ id: TopicID) {
        writeMultipleIntegers(id.high, id.low)
    }

    mutating func readTopicID() -> TopicID? {
        guard let (high, low) = readMultipleIntegers(as: (UInt64, UInt64).self) else { return nil }
        return TopicID(high: high, low: low)
    }

    mutating func writeShortString(_ text: String) {
        writeInteger(UInt16(text.utf8.count))
        writeString(text)
    }

    mutating func readShortString() -> String? {
        guard let length = readInteger(as: UInt16.self) else { return nil }
        return readString(length: Int(length))
    }
}
