public import NIOCore

/// A stream that needs no task while it sends and waits: whoever drives it asks for one step after another.
///
///     step -> send(piece) -> step -> wait -> (woken) -> step -> work -> (await work) -> step -> ... -> end
public protocol SteppedStream: APIStream {
    /// What is to be done next; returns at once.
    ///
    /// - Parameter round: what the streams find out for each other that go on beside this one.
    mutating func step(in round: StreamRound) -> StreamStep

    /// Does what the step before could not do at once.
    mutating func work() async

    /// Tells why the wait is over that the step before asked for.
    mutating func woke(_ end: StreamWait.End)
}

/// What a stream asks of whoever drives it.
public enum StreamStep: Sendable {
    /// Send this; the next step is due when it was taken.
    case send(ByteBuffer)
    /// Wait, and tell why the wait has ended.
    case wait(StreamWait)
    /// Let the stream work for a while, with ``SteppedStream/work()``.
    case work
    /// The stream has said everything.
    case end
}
