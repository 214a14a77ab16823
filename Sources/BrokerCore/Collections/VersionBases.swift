import RecordFormat
import SegmentStore
import Synchronization

/// Gives a new topic the number at which a collection's versions begin: above every one that an earlier topic had.
///
/// It is the time in microseconds: no collection has more changes than microseconds went by since it was made. It also lies
/// above the versions of all collections that were deleted, whatever the clock says: the highest of them is written down.
///
/// Concurrency: the lock is a leaf; only the administration thread comes here.
final class VersionBases: Sendable {
    private let last: Mutex<Int64>

    /// - Parameter last: the highest version of collections that were deleted in earlier runs.
    init(last: Int64) {
        self.last = Mutex(last)
    }

    /// The base of a topic that is made now.
    func next(at now: Timestamp) -> Int64 {
        last.withLock { last in
            last = max(last, now.millisecondsSinceEpoch * 1000) + 1
            return last
        }
    }

    /// Notes the versions of a topic that is not what it was any more.
    ///
    /// - Returns: the highest one so far.
    @discardableResult
    func retire(_ topic: Topic) -> Int64 {
        let end = topic.versionBase + (topic.partitions.map(\.visible.value).max() ?? 0)
        return last.withLock { last in
            last = max(last, end)
            return last
        }
    }
}

extension Broker {
    /// Writes down the versions of a topic that is about to be a collection no more, for later runs: the clock may be set back
    /// by then.
    ///
    /// Before the change is durable, so that no crash comes in between. Until then the topic still takes records: those that
    /// wait for the journal, none of which takes less than a byte, are counted too.
    /// It stands in the description of the groups' topic, and is missing where the storage refuses that.
    func writeDownVersions(of topic: Topic) {
        guard topic.settings.cleanup == .compact, var groups = store.groupsTopic else { return }
        let onTheirWay = limits.appendQueueBytesMax.value + store.frameBytesMax.value
        groups.settings[Topic.versionBaseName] = String(versionBases.retire(topic) + Int64(onTheirWay))
        do {
            try store.changeTopic(groups)
        } catch {
            let reason = "\(refused(error))"
            logger.warning("versions of a collection are not written down", metadata: ["reason": "\(reason)"])
        }
    }
}

extension LogStore {
    /// The description of the groups' topic.
    fileprivate var groupsTopic: StoredTopic? { topics().first { $0.name == BrokerOpening.groupsTopic } }

    /// The highest version of collections that were deleted in earlier runs.
    var lastRetiredVersion: Int64 {
        groupsTopic?.settings[Topic.versionBaseName].flatMap { Int64($0) } ?? 0
    }
}
