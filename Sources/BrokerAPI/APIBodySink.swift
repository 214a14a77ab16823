public import NIOCore

/// What takes the body of a request while it comes, beside the stream that answers it.
///
/// One task at a time drives it. When the stream has ended nothing more is wanted, and a call that waits returns.
public protocol APIBodySink: Sendable {
    /// Takes the next bytes, and returns when more is wanted: that is the backpressure.
    ///
    /// - Returns: false when nothing more is wanted; the stream tells why, and the rest of the body is thrown away.
    mutating func take(_ bytes: ByteBuffer) async -> Bool

    /// Tells that nothing more comes.
    ///
    /// - Parameter isWhole: whether the body has come to its own end, and was not broken off.
    mutating func end(isWhole: Bool) async
}

/// The bytes of bodies that a transport lets all its connections hold together.
public protocol BodyRoom: Sendable {
    /// Takes room for bytes that have come; false when there is none.
    func take(_ bytes: Int) -> Bool

    /// Gives room back.
    func giveBack(_ bytes: Int)
}
