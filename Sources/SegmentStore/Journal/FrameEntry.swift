import NIOCore
import RecordFormat
import SystemPackage

/// One fact in a frame. Each has a head of eight bytes, then its body:
///
/// ```
///  0  1  kind      1 batch, 2 topic deletion, 4 prefix deletion, 5 producer registration, 6 tail block;
///                  reserved: 3 batch by reference
///  1  1  version   1
///  2  2  0
///  4  4  length of the body
///
/// batch, tail block                       topic deletion
///  0 16  topic id                          0 16  topic id
/// 16  4  partition
/// 20  4  0
/// 24  8  base offset of the segment
/// 32  8  position in the segment
/// 40  8  offset
/// 48  .. bytes
///
/// prefix deletion
///  0 16  topic id
/// 16  4  partition
/// 20  4  0
/// 24  8  the first offset that stays
///
/// producer registration
///  0  8  number
///  8  .. ProducerName
/// ```
/// Of a batch the bytes stand at the position, and the offset is its first record's. Of a tail block they end at the
/// position, and the offset is the next one: the flushed bytes of a segment's last, partly filled block, saved before the
/// block is written again.
enum FrameEntry {
    case batch(SegmentBytes)
    case tailBlock(SegmentBytes)
    case topicDeletion(TopicID)
    case prefixDeletion(PrefixDeletion)
    case producerRegistration(number: Int64, name: ProducerName)

    /// Bytes of a segment; the range indexes into the frame's body.
    struct SegmentBytes {
        let key: PartitionKey
        let segmentBase: Offset
        let position: FilePosition
        let offset: Offset
        let bytes: Range<Int>
    }

    /// The segment's bytes that the entry carries, if any.
    var segmentBytes: SegmentBytes? {
        switch self {
        case .batch(let bytes), .tailBlock(let bytes): bytes
        case .topicDeletion, .prefixDeletion, .producerRegistration: nil
        }
    }

    /// The partition that the entry is about, if it is about one.
    var partition: PartitionKey? {
        switch self {
        case .batch(let bytes), .tailBlock(let bytes): bytes.key
        case .prefixDeletion(let deletion): deletion.key
        case .topicDeletion, .producerRegistration: nil
        }
    }

    /// Where bytes of a segment belong.
    struct Place {
        let key: PartitionKey
        let segmentBase: Offset
        let position: FilePosition
        let offset: Offset
    }

    static let headBytes = 8
    static let placeBytes = 48
    static let topicIDBytes = 16
    static let prefixBytes = 32
    static let numberBytes = 8

    private enum Kind: UInt8 {
        case batch = 1
        case topicDeletion = 2
        case prefixDeletion = 4
        case producerRegistration = 5
        case tailBlock = 6
    }
    private static let version: UInt8 = 1

    /// Writes what precedes the bytes of a batch or a tail block.
    static func writeHeads(
        to target: UnsafeMutableRawBufferPointer,
        _ place: Place,
        isTailBlock: Bool,
        byteCount: Int
    ) {
        writeHead(to: target, isTailBlock ? .tailBlock : .batch, bodyBytes: placeBytes + byteCount)
        target.store(place.key.topic.high, at: 8)
        target.store(place.key.topic.low, at: 16)
        target.store(place.key.partition.value, at: 24)
        target.store(UInt32(0), at: 28)
        target.store(place.segmentBase.value, at: 32)
        target.store(place.position.value, at: 40)
        target.store(place.offset.value, at: 48)
    }

    static func writeTopicDeletion(to target: UnsafeMutableRawBufferPointer, _ id: TopicID) {
        writeHead(to: target, .topicDeletion, bodyBytes: topicIDBytes)
        target.store(id.high, at: 8)
        target.store(id.low, at: 16)
    }

    static func writePrefixDeletion(to target: UnsafeMutableRawBufferPointer, _ deletion: PrefixDeletion) {
        writeHead(to: target, .prefixDeletion, bodyBytes: prefixBytes)
        target.store(deletion.key.topic.high, at: 8)
        target.store(deletion.key.topic.low, at: 16)
        target.store(deletion.key.partition.value, at: 24)
        target.store(UInt32(0), at: 28)
        target.store(deletion.before.value, at: 32)
    }

    static func writeRegistration(to target: UnsafeMutableRawBufferPointer, _ number: Int64, _ name: ByteBuffer) {
        writeHead(to: target, .producerRegistration, bodyBytes: numberBytes + name.readableBytes)
        target.store(number, at: headBytes)
        name.withUnsafeReadableBytes {
            UnsafeMutableRawBufferPointer(rebasing: target[(headBytes + numberBytes)...]).copyMemory(from: $0)
        }
    }

    private static func writeHead(to target: UnsafeMutableRawBufferPointer, _ kind: Kind, bodyBytes: Int) {
        target[0] = kind.rawValue
        target[1] = version
        target.store(UInt16(0), at: 2)
        target.store(UInt32(bodyBytes), at: 4)
    }

    /// Walks the entries of a frame's body, whose checksum was found right: what does not parse is no torn write, and
    /// refuses the start.
    static func forEach(
        in body: UnsafeRawBufferPointer,
        count: Int,
        at place: (path: FilePath, position: FilePosition),
        _ visit: (FrameEntry) throws(StorageError) -> Void
    ) throws(StorageError) {
        func refuse(_ position: Int, _ reason: String) -> StorageError {
            .corrupt(path: place.path, position: place.position.advanced(by: ByteCount(position)), reason: reason)
        }
        var position = 0
        for _ in 0..<count {
            guard position + headBytes <= body.count else { throw refuse(position, "a frame ends within an entry") }
            let length = Int(body.fetch(position + 4, as: UInt32.self))
            let start = position + headBytes
            guard length <= body.count - start else { throw refuse(position, "an entry is longer than its frame") }
            guard body[position + 1] == version, let kind = Kind(rawValue: body[position]) else {
                if PlantedFault.unknownKindTakenForTorn.isPlanted { return }
                throw refuse(
                    position,
                    "entry kind \(body[position]) version \(body[position + 1]) is unknown: start a newer version"
                )
            }
            switch kind {
            case .batch, .tailBlock:
                guard length > placeBytes else { throw refuse(position, "an entry's length makes no sense") }
                let found = segmentBytes(in: body, start..<start + length)
                try visit(kind == .batch ? .batch(found) : .tailBlock(found))
            case .topicDeletion:
                guard length == topicIDBytes else { throw refuse(position, "a topic deletion has \(length) bytes") }
                try visit(.topicDeletion(topicID(in: body, start)))
            case .prefixDeletion:
                guard length == prefixBytes else { throw refuse(position, "a prefix deletion has \(length) bytes") }
                let before = body.fetch(start + 24, as: Int64.self)
                guard before > 0 else { throw refuse(position, "a prefix deletion up to offset \(before)") }
                try visit(.prefixDeletion(PrefixDeletion(key: key(in: body, start), before: Offset(before))))
            case .producerRegistration:
                guard let found = registration(in: body, start..<start + length) else {
                    throw refuse(position, "a producer's registration makes no sense")
                }
                try visit(found)
            }
            position = start + length
        }
        guard position == body.count else { throw refuse(position, "bytes follow the last entry") }
    }

    private static func segmentBytes(in body: UnsafeRawBufferPointer, _ range: Range<Int>) -> SegmentBytes {
        let start = range.lowerBound
        return SegmentBytes(
            key: key(in: body, start),
            segmentBase: Offset(body.fetch(start + 24, as: Int64.self)),
            position: FilePosition(body.fetch(start + 32, as: UInt64.self)),
            offset: Offset(body.fetch(start + 40, as: Int64.self)),
            bytes: start + placeBytes..<range.upperBound
        )
    }

    private static func key(in body: UnsafeRawBufferPointer, _ start: Int) -> PartitionKey {
        PartitionKey(
            topic: topicID(in: body, start),
            partition: PartitionIndex(body.fetch(start + 16, as: Int32.self))
        )
    }

    private static func registration(in body: UnsafeRawBufferPointer, _ range: Range<Int>) -> FrameEntry? {
        guard range.count > numberBytes else { return nil }
        let number = body.fetch(range.lowerBound, as: Int64.self)
        var rest = ByteBuffer(bytes: body[range.dropFirst(numberBytes)])
        guard number >= ProducerRequest.numberMin, let name = ProducerName(decoding: &rest), rest.readableBytes == 0
        else { return nil }
        return .producerRegistration(number: number, name: name)
    }

    private static func topicID(in body: UnsafeRawBufferPointer, _ start: Int) -> TopicID {
        TopicID(high: body.fetch(start, as: UInt64.self), low: body.fetch(start + 8, as: UInt64.self))
    }
}
