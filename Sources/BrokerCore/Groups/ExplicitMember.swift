import RecordFormat
import Synchronization

/// An explicit member between its requests: its session, the last page it was given, and whose turn it is to ask.
///
/// One poll at a time uses the session. A later one takes the place of the one that waits: it is the client's newest, and the
/// former one's connection is perhaps long dead without anybody's notice.
///
/// Concurrency: the lock is a leaf; continuations are resumed, and the session is woken, outside of it. Every turn that is
/// taken is given back.
final class ExplicitMember: Sendable {
    private struct State {
        var session: GroupMemberSession?
        var page: String?
        var isTaken = false
        /// The poll that comes next.
        var successor: CheckedContinuation<Bool, Never>?
    }

    /// What the member may have in flight; asked for again when its session is opened again.
    let maxInFlight: DeliveryLoad
    private let state = Mutex(State())

    init(maxInFlight: DeliveryLoad) {
        self.maxInFlight = maxInFlight
    }

    /// The session that is open.
    var session: GroupMemberSession? { state.withLock { $0.session } }

    /// The last page that was given out in this session; nil before the first.
    var page: String? { state.withLock { $0.page } }

    /// Whether another poll waits for this one's end.
    var isSuperseded: Bool { state.withLock { $0.successor != nil } }

    /// Begins a session, or ends one: nothing was given out in it yet.
    func open(_ session: GroupMemberSession?) {
        state.withLock { state in
            state.session = session
            state.page = nil
        }
    }

    /// Notes what was given out.
    func gave(_ page: String) {
        state.withLock { $0.page = page }
    }

    /// Waits until no other poll uses the session, which is soon; false when a later one has taken the place.
    func takeTurn() async -> Bool {
        await withCheckedContinuation { continuation in
            let (isFree, former, session): (Bool, CheckedContinuation<Bool, Never>?, GroupMemberSession?) =
                state.withLock { state in
                    guard state.isTaken else {
                        state.isTaken = true
                        return (true, nil, nil)
                    }
                    defer { state.successor = continuation }
                    return (false, state.successor, state.session)
                }
            if isFree { continuation.resume(returning: true) }
            former?.resume(returning: false)
            session?.mailbox.interrupt()
        }
    }

    /// Ends a turn; the next poll has it then.
    func giveTurn() {
        let successor: CheckedContinuation<Bool, Never>? = state.withLock { state in
            defer { state.successor = nil }
            if state.successor == nil { state.isTaken = false }
            return state.successor
        }
        successor?.resume(returning: true)
    }
}

/// The explicit members that this run of the broker has heard of, by group and id.
///
/// No more than the groups have members: an entry goes when its session ends. A member of which nothing is here may still be
/// known to its group, after a restart; its session is opened again when it asks.
///
/// Concurrency: the lock is a leaf.
final class ExplicitMembers: Sendable {
    private struct Key: Hashable {
        let group: GroupName
        let member: String
    }

    private let members = Mutex<[Key: ExplicitMember]>([:])

    /// How many there are; for tests and gauges.
    var count: Int { members.withLock { $0.count } }

    /// The member of an identity.
    func find(_ identity: MemberIdentity) -> ExplicitMember? {
        members.withLock { $0[Key(group: identity.group, member: identity.member)] }
    }

    /// The member of an identity; entered if it was not there.
    func member(_ identity: MemberIdentity, maxInFlight: DeliveryLoad) -> ExplicitMember {
        members.withLock { members in
            let key = Key(group: identity.group, member: identity.member)
            if let known = members[key] { return known }
            let new = ExplicitMember(maxInFlight: maxInFlight)
            members[key] = new
            return new
        }
    }

    /// Enters a member, in the place of a former session of it.
    func put(_ member: ExplicitMember, _ group: GroupName, _ id: String) {
        members.withLock { $0[Key(group: group, member: id)] = member }
    }

    /// Forgets a member if it is still this one.
    func remove(_ member: ExplicitMember, _ group: GroupName, _ id: String) {
        let key = Key(group: group, member: id)
        members.withLock { members in
            guard members[key] === member else { return }
            members[key] = nil
        }
    }
}
