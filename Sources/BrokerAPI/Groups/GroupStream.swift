import BrokerCore
import NIOCore

/// Drives a ``GroupStreamMachine`` against a member's session.
struct GroupStream: APIStream {
    private let engine: any BrokerEngine
    private let session: any GroupSession
    private var machine: GroupStreamMachine
    private var event: GroupStreamMachine.Event = .begin
    private var pieces = PieceSplitter()
    private var isFinished = false

    /// A stream that has sent nothing.
    init(_ machine: GroupStreamMachine, session: any GroupSession, engine: any BrokerEngine) {
        self.machine = machine
        self.session = session
        self.engine = engine
    }

    mutating func next() async -> ByteBuffer? {
        if let piece = pieces.next() { return piece }
        while !isFinished {
            switch machine.step(event, now: engine.clock.now, isDraining: engine.phase != .ready) {
            case .next(let deadline):
                event = .group(await session.next(deadline: deadline))
                // A cancelled session answers at once, again and again.
                if case .group(.idle) = event, Task.isCancelled { isFinished = true }
            case .write(let bytes):
                event = .written
                pieces.put(bytes)
                if let piece = pieces.next() { return piece }
            case .finish: isFinished = true
            }
        }
        return nil
    }

    mutating func close() async {
        isFinished = true
        // A member that wants to leave says so; one whose connection ends may come back with its session.
        await session.close(.disconnected)
    }
}
