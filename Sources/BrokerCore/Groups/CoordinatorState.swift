import GroupCoordination
import RecordFormat

/// A reply on its way to whoever asked.
typealias GroupReplyHandler = @Sendable (Result<GroupReply.Body, BrokerError>) -> Void

/// What a coordinator's lock guards.
struct CoordinatorState {
    /// Whether commands are taken.
    enum Phase: Sendable {
        /// Yes.
        case ready
        /// No: the shard is read from the log, at the start or after a refused append.
        case reloading
        /// No, and never again.
        case closed(BrokerError)
    }

    /// What one command said, to be delivered when durable.
    struct Effects: Sendable {
        var replies: [GroupReply]
        var events: [GroupCoordination.GroupEvent]
    }

    var shard: GroupShard
    var phase = Phase.reloading
    var isDraining = false
    var ledger = EffectLedger<Effects>()
    var handlers: [RequestID: GroupReplyHandler] = [:]
    var mailboxes: [ConnectionID: MemberMailbox] = [:]
    /// The mailboxes by member, once the member is known; commits are noted there.
    var mailboxOfMember: [MemberID: MemberMailbox] = [:]
    /// The timer that is set for the shard's next deadline.
    var timer: (deadline: Int64, token: TimerToken)?

    /// Takes out who is to be told of some effects: first the answers, then the events.
    mutating func address(_ batches: [Effects]) -> [Delivery] {
        var deliveries: [Delivery] = []
        for effects in batches {
            for reply in effects.replies {
                guard let handler = handlers.removeValue(forKey: reply.request) else { continue }
                deliveries.append(.reply(handler, reply.body))
            }
            for event in effects.events {
                guard let mailbox = mailboxes[event.connection] else { continue }
                deliveries.append(.event(mailbox, event.body))
            }
        }
        return deliveries
    }

    /// Takes out everybody who waits or listens, because the shard is lost; answers that are durable already stay.
    mutating func takeEverybody() -> Everybody {
        ledger.dropUndurable()
        let kept = Set(ledger.waiting.flatMap { $0.replies.map(\.request) })
        let everybody = Everybody(
            handlers: handlers.filter { !kept.contains($0.key) }.map(\.value),
            mailboxes: Array(mailboxes.values)
        )
        handlers = handlers.filter { kept.contains($0.key) }
        mailboxes = [:]
        mailboxOfMember = [:]
        return everybody
    }

    /// Those who are to be told that a shard is lost; to be told outside of its lock.
    struct Everybody: Sendable {
        let handlers: [GroupReplyHandler]
        let mailboxes: [MemberMailbox]

        func tell(_ error: BrokerError, _ ending: MemberEnding) {
            // First the members: whoever is told that its request failed finds its session ended.
            for mailbox in mailboxes { mailbox.end(ending) }
            for handler in handlers { handler(.failure(error)) }
        }
    }

    /// One thing to tell, addressed.
    enum Delivery: Sendable {
        case reply(GroupReplyHandler, GroupReply.Body)
        case event(MemberMailbox, GroupCoordination.GroupEvent.Body)

        func run() {
            switch self {
            case .reply(let handler, let body): handler(.success(body))
            case .event(let mailbox, let body): mailbox.post(body)
            }
        }
    }
}
