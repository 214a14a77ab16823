import BrokerCore
import HTTPTypes
import NIOCore

/// Drives a ``GroupStreamMachine`` against a member's session.
struct GroupStream: APIStream {
    let commands: any ClientCommands
    /// Where commands leave credit; nil on a transport that takes none.
    private let inbox: CreditInbox?
    private let engine: any BrokerEngine
    private let session: any GroupSession
    private var machine: GroupStreamMachine
    private var event: GroupStreamMachine.Event = .begin
    private var pieces = PieceSplitter()
    private var isFinished = false
    private let place: StreamPlace

    /// A stream that has sent nothing.
    init(
        _ machine: GroupStreamMachine,
        session: any GroupSession,
        membership: StreamCommands.Membership,
        engine: any BrokerEngine,
        place: StreamPlace,
        isSocket: Bool
    ) {
        self.place = place
        self.machine = machine
        self.session = session
        self.engine = engine
        inbox = isSocket ? CreditInbox() : nil
        commands = StreamCommands(inbox: inbox, engine: engine, membership: membership)
    }

    var failure: HTTPResponse.Status? { machine.failure?.code.status }

    mutating func next() async -> ByteBuffer? {
        if let piece = pieces.next() { return piece }
        while !isFinished {
            if let change = inbox?.take() { machine.take(change) }
            switch machine.step(event, now: engine.clock.now, isDraining: engine.phase != .ready) {
            case .next(let deadline, let allowance):
                event = .group(await ask(until: deadline, allowance))
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

    /// Asks the group; a change of the client's credit ends the wait too.
    private func ask(until deadline: MonotonicInstant, _ allowance: DeliveryAllowance) async -> GroupEvent {
        guard let inbox else { return await session.next(deadline: deadline, allowance: allowance) }
        let session = session
        return await inbox.interrupting { await session.next(deadline: deadline, allowance: allowance) }
    }

    /// A member that does not read is judged by what it commits; this only ends what nobody will ever read.
    var stallMax: Duration { engine.limits.stalledMemberMax }

    mutating func shed() {
        // What was delivered is counted, and cannot be read again.
    }

    mutating func leave(_ reason: StreamLeave) -> ByteBuffer? {
        isFinished = true
        return pieces.rest(with: machine.leave(reason, now: engine.clock.now))
    }

    mutating func close() async {
        isFinished = true
        place.giveBack()
        // A member that wants to leave says so; one whose connection ends may come back with its session.
        await session.close(.disconnected)
    }
}
