/// Timestamps as text, of records that follow each other: the same as ``Timestamp/rfc3339``, and the calendar is asked once
/// a second.
public struct TimestampText: Sendable {
    /// The most bytes that one takes.
    public static let bytesMax = 40

    /// The second that `head` tells, counted from 1970; nil before the first timestamp.
    private var second: Int64?
    /// All that stands before the milliseconds, such as `2026-11-21T10:00:00.`.
    private var head: [UInt8] = []

    /// Knows no second yet.
    public init() {}

    /// Writes a timestamp to room of ``bytesMax`` bytes and returns how many it took.
    public mutating func write(_ timestamp: Timestamp, to room: UnsafeMutableRawPointer) -> Int {
        let milliseconds = timestamp.millisecondsSinceEpoch
        let second = Timestamp.floorDivide(milliseconds, by: 1000)
        if second != self.second {
            self.second = second
            // The last four are the milliseconds and the `Z`.
            head = Array(timestamp.rfc3339.utf8.dropLast(4))
        }
        UnsafeMutableRawBufferPointer(start: room, count: head.count).copyBytes(from: head)
        // Wraps nowhere but at the smallest of all numbers, where the wrapped difference is still right.
        let fraction = Int(milliseconds &- second &* 1000)
        let end = room + head.count
        end.storeBytes(of: UInt8(ascii: "0") + UInt8(fraction / 100), as: UInt8.self)
        end.storeBytes(
            of: UInt8(ascii: "0") + UInt8(fraction / 10 % 10),
            toByteOffset: 1,
            as: UInt8.self
        )
        end.storeBytes(of: UInt8(ascii: "0") + UInt8(fraction % 10), toByteOffset: 2, as: UInt8.self)
        end.storeBytes(of: UInt8(ascii: "Z"), toByteOffset: 3, as: UInt8.self)
        return head.count + 4
    }
}
