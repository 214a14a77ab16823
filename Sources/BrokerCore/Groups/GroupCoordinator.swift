import GroupCoordination
import RecordFormat
import SegmentStore
import Synchronization

/// One shard of the groups: a pure machine under a lock, whose records go to a partition of `__consumer_offsets`.
///
/// Order is everything here. A command is applied and its records are queued *under the shard's lock*, so that the queue
/// holds records in the order in which the state changed. Replies and events are delivered outside of the lock, in that
/// same order, when their records and all earlier ones are durable (`EffectLedger`). When an append is refused, the
/// state is ahead of the log: the shard's generation is raised, which refuses what is queued behind, everybody is told
/// to try again, and the shard is read from the log anew (rule 24 of the journal).
///
/// Lock order: shard locks in the order of their index, then the append queue's, the clock's, or a registry's.
final class GroupCoordinator: Sendable {
    /// What a coordinator needs of the broker.
    struct Environment: Sendable {
        let registry: TopicRegistry
        let queue: AppendQueue
        let clock: any MonotonicClock
        let appendClock: AppendClock
        let configuration: GroupConfiguration
        /// Runs the reload of a shard, which blocks.
        let pool: BlockingPool
        /// Told of what was lost or cannot be read.
        let report: @Sendable (String) -> Void
        let failure: FailureLatch
    }

    /// The shard's number, and its partition of `__consumer_offsets`.
    let index: Int
    let partition: Partition
    let environment: Environment
    let generation = ShardGeneration()
    let state: Mutex<CoordinatorState>

    /// Reads the shard from its log.
    ///
    /// Blocks.
    init(index: Int, partition: Partition, environment: Environment) throws(BrokerStartError) {
        self.index = index
        self.partition = partition
        self.environment = environment
        let shard = try GroupShardLoader.load(partition, environment.configuration, at: environment.groupNow)
        state = Mutex(CoordinatorState(shard: shard))
    }

    /// Ends the replay: members of the former run have their session timeout to come back.
    ///
    /// Once, when the queue is open.
    func begin() {
        begin { _ in }
        forgetGoneTopics()
    }

    /// Applies a command whose reply is of no interest.
    func apply(_ command: GroupCommand) {
        change { state in perform(command, &state) }
    }

    /// Makes a command under the shard's lock, applies it, and answers with the reply to `request` when it is durable.
    ///
    /// Made under the lock, a command sees the topics as the shard does: deletions and creations reach it as commands.
    func ask(
        request: RequestID,
        mailbox: MemberMailbox? = nil,
        _ command: (GroupShard) throws(BrokerError) -> GroupCommand
    ) async throws(BrokerError) -> GroupReply.Body {
        // The bound on what is queued is kept at this door, so that no change of state is refused for want of room.
        guard environment.queue.hasRoom(bytes: Self.commandBytes, isUrgent: true) else {
            throw .queueFull(retryAfterMilliseconds: AppendLimits.retryAfterMilliseconds)
        }
        let answer: Result<GroupReply.Body, BrokerError> = await withCheckedContinuation { continuation in
            let refuse: (BrokerError) -> Void = { continuation.resume(returning: .failure($0)) }
            var refusal: BrokerError?
            change(refused: refuse) { state in
                do throws(BrokerError) {
                    // A member that joined now would miss the farewell.
                    if mailbox != nil, state.isDraining { throw .draining }
                    let command = try command(state.shard)
                    state.handlers[request] = { continuation.resume(returning: $0) }
                    if let mailbox { state.mailboxes[mailbox.connection] = mailbox }
                    for outcome in outcomes(of: command, &state) {
                        if let mailbox { bind(mailbox, outcome, request, &state) }
                        record(outcome, &state)
                    }
                } catch {
                    refusal = error
                }
            }
            if let refusal { refuse(refusal) }
        }
        return try answer.get()
    }

    /// Ties a member to its mailbox, where commits are noted.
    ///
    /// In the step in which the shard gives the member to the connection: of two that resume one session at once, the
    /// shard's last is the one that records are handed to.
    private func bind(
        _ mailbox: MemberMailbox,
        _ outcome: GroupOutcome,
        _ request: RequestID,
        _ state: inout CoordinatorState
    ) {
        for reply in outcome.replies where reply.request == request {
            if case .joined(let joined) = reply.body { state.mailboxOfMember[joined.member] = mailbox }
        }
    }

    /// The mailbox of a connected member.
    func mailbox(of member: MemberID) -> MemberMailbox? {
        state.withLock { $0.mailboxOfMember[member] }
    }

    /// Whether records may be handed to a member; when they may, the shard knows of it.
    ///
    /// `mailbox` is the asking session's: once another connection has resumed the session, the former one gets nothing.
    func deliver(_ delivery: GroupDelivery, to mailbox: MemberMailbox) -> Bool {
        var isAccepted = false
        change { state in
            guard state.mailboxOfMember[delivery.member] === mailbox else { return }
            for outcome in state.shard.apply(.delivered(delivery), now: environment.groupNow) {
                isAccepted = outcome.isDeliveryAccepted
                record(outcome, &state)
            }
        }
        return isAccepted
    }

    /// Looks at the shard as it stands.
    func inspect<Answer>(_ body: (GroupShard) -> sending Answer) -> sending Answer {
        state.withLock { body($0.shard) }
    }

    /// What a command may add to the queue, roughly: the room that must be there before it is applied.
    private static let commandBytes = 4096
}

extension GroupCoordinator.Environment {
    /// The time by both clocks.
    var groupNow: GroupNow {
        GroupNow(monotonicMilliseconds: clock.now.milliseconds, wall: appendClock.now())
    }
}

/// What is told to those whom the append queue turns away.
enum AppendLimits {
    /// A full queue of 64 MiB is written in well under this.
    static let retryAfterMilliseconds: Int64 = 1000
    /// A full volume is looked at every second, but somebody has to make room first.
    static let fullRetryAfterMilliseconds: Int64 = 5000
}
