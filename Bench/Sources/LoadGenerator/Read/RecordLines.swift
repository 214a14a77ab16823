import BenchSupport
import Glibc

/// Reads NDJSON as it comes: counts the records of a topic, and sees to it that none of a partition is missing or out of order.
struct RecordLines {
    /// How many records have come.
    private(set) var count = 0
    /// The offset that comes next, by partition.
    var next: [Int64]
    private let prefix: [UInt8]
    /// The beginning of a line whose end has not come.
    private var rest: [UInt8] = []
    private static let offsetName = Array(",\"offset\":".utf8)

    /// Of a topic with so many partitions, each from its beginning.
    init(topic: String, partitions: Int) {
        prefix = Array("{\"type\":\"record\",\"topic\":\"\(topic)\",\"partition\":".utf8)
        next = Array(repeating: 0, count: partitions)
    }

    /// Takes a piece, which may begin and end anywhere; calls `event` with each line that is no record.
    mutating func feed(_ piece: UnsafeRawBufferPointer, _ event: ([UInt8]) throws -> Void) throws {
        var place = piece.startIndex
        while place < piece.endIndex {
            guard let end = Self.lineEnd(piece, from: place) else {
                rest += piece[place...]
                return
            }
            if rest.isEmpty {
                try line(UnsafeRawBufferPointer(rebasing: piece[place..<end]), event)
            } else {
                rest += piece[place..<end]
                let whole = rest
                rest.removeAll(keepingCapacity: true)
                try whole.withUnsafeBytes { try line($0, event) }
            }
            place = end + 1
        }
    }

    private static func lineEnd(_ bytes: UnsafeRawBufferPointer, from place: Int) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        let found = memchr(base + place, Int32(UInt8(ascii: "\n")), bytes.count - place)
        return found.map { UnsafeRawPointer($0) - base }
    }

    private mutating func line(_ line: UnsafeRawBufferPointer, _ event: ([UInt8]) throws -> Void) throws {
        // An empty line is a heartbeat.
        guard !line.isEmpty else { return }
        guard Self.has(line, prefix, at: 0) else { return try event(Array(line)) }
        var place = prefix.count
        let partition = Int(Self.number(line, &place))
        guard Self.has(line, Self.offsetName, at: place), next.indices.contains(partition) else {
            throw Client.Unexpected(description: "not a record: \(String(decoding: line, as: UTF8.self))")
        }
        place += Self.offsetName.count
        let offset = Self.number(line, &place)
        guard offset == next[partition] else {
            let wanted = next[partition]
            throw Client.Unexpected(description: "partition \(partition): \(offset) came where \(wanted) is next")
        }
        next[partition] = offset + 1
        count += 1
    }

    private static func has(_ line: UnsafeRawBufferPointer, _ text: [UInt8], at place: Int) -> Bool {
        guard line.count >= place + text.count, let base = line.baseAddress else { return false }
        return memcmp(base + place, text, text.count) == 0
    }

    private static func number(_ line: UnsafeRawBufferPointer, _ place: inout Int) -> Int64 {
        var value: Int64 = 0
        while place < line.count, (0x30...0x39).contains(line[place]) {
            value = value * 10 + Int64(line[place] - 0x30)
            place += 1
        }
        return value
    }
}
