import BrokerCore
import RecordFormat
import SegmentStore

/// Rules of the broker above its store: what groups and producers are told, and what they find after a crash.
///
/// Each is a short life of a broker on threads of its own; everything holds at its end, unless a rule is broken.
public enum BrokerScenario: String, CaseIterable, Hashable, Sendable {
    /// The power goes at every flush of the journal while a topic with commits is deleted.
    case deletedTopic
    /// A topic is deleted, and another one of its name is made.
    case namesake
    /// The append of one join is refused, with others queued behind it.
    case refusedJoin
    /// The journal's flush of a join takes its time.
    case slowJoin
    /// The journal's flush of an append fails, though its bytes reach the disk.
    case failedAppend
    /// Clients list a collection and follow its changes over restarts and compactions.
    case followedCollection

    /// Runs it.
    /// - Returns: what is wrong.
    public func run(_ mutation: StoreMutation = .none) async -> [StoreFlaw] {
        var run = BrokerRun(mutation, name: rawValue)
        do {
            switch self {
            case .deletedTopic: try await run.deletedTopic()
            case .namesake: try await run.namesake()
            case .refusedJoin: try await run.refusedJoin()
            case .slowJoin: try await run.slowJoin()
            case .failedAppend: try await run.failedAppend()
            case .followedCollection: try await run.followedCollection()
            }
        } catch {
            run.note(.failedWorkload, "\(error)")
        }
        return run.flaws
    }
}
