import RecordFormat

/// A mark in a partition's log.
///
/// Each kind is a type of its own, so that one is never taken for another.
public struct Watermark<Kind>: Hashable, Comparable, Sendable {
    /// Where it stands.
    public let offset: Offset

    /// Creates a mark.
    public init(_ offset: Offset) {
        self.offset = offset
    }

    /// Whether the left one comes first.
    public static func < (left: Self, right: Self) -> Bool { left.offset < right.offset }
}

/// The kinds of watermark.
public enum WatermarkKind {
    /// The first offset that is kept.
    public enum LogStart {}
    /// The end of what readers may see.
    public enum Visible {}
    /// The end of what is on stable storage.
    public enum Durable {}
    /// The next offset to assign.
    public enum LogEnd {}
}

/// The first offset that is kept.
public typealias LogStartOffset = Watermark<WatermarkKind.LogStart>
/// The end (exclusive) of what readers may see.
public typealias VisibleOffset = Watermark<WatermarkKind.Visible>
/// The end (exclusive) of what is on stable storage.
public typealias DurableOffset = Watermark<WatermarkKind.Durable>
/// The next offset to assign.
public typealias LogEndOffset = Watermark<WatermarkKind.LogEnd>

/// The marks of a partition, and the one place that holds their order.
///
/// `logStart <= visible <= durable <= logEnd`. A round keeps what it assigns to itself until its flush has returned, so
/// between rounds the last three are equal; open transactions will hold `visible` back.
public struct Watermarks: Hashable, Sendable {
    /// The first offset that is kept.
    public let logStart: LogStartOffset
    /// The end of what readers may see.
    public let visible: VisibleOffset
    /// The end of what is on stable storage.
    public let durable: DurableOffset
    /// The next offset to assign.
    public let logEnd: LogEndOffset

    init(logStart: Offset, flushedEnd: Offset) {
        precondition(logStart <= flushedEnd, "log start \(logStart) lies behind the end \(flushedEnd)")
        self.logStart = LogStartOffset(logStart)
        visible = VisibleOffset(flushedEnd)
        durable = DurableOffset(flushedEnd)
        logEnd = LogEndOffset(flushedEnd)
    }
}
