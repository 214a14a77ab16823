import BrokerAPI
import HTTPTypes
import NIOCore

/// A stream that makes its pieces in a task, as one that is asked for steps.
struct TaskedStream: SteppedStream {
    private var base: any APIStream
    private var piece: ByteBuffer?
    private var isAtEnd = false

    /// A stream in steps.
    init(_ base: any APIStream) {
        self.base = base
    }

    var failure: HTTPResponse.Status? { base.failure }
    var commands: any ClientCommands { base.commands }
    var stallMax: Duration { base.stallMax }
    var isHeard: Bool { base.isHeard }

    mutating func step(in round: StreamRound) -> StreamStep {
        defer { piece = nil }
        return isAtEnd ? .end : piece.map { .send($0) } ?? .work
    }

    mutating func work() async {
        piece = await base.next()
        isAtEnd = piece == nil
    }

    mutating func woke(_ end: StreamWait.End) {
        // It never waits but while it works.
    }

    mutating func next() async -> ByteBuffer? { await base.next() }

    mutating func close() async { await base.close() }

    mutating func leave(_ reason: StreamLeave) -> ByteBuffer? {
        guard var last = piece else { return base.leave(reason) }
        if let goodbye = base.leave(reason) { last.writeImmutableBuffer(goodbye) }
        return last
    }

    mutating func shed() { base.shed() }
}

extension APIStream {
    /// The same stream, in steps.
    var inSteps: any SteppedStream { self as? any SteppedStream ?? TaskedStream(self) }
}
