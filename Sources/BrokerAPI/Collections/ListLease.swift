import BrokerCore
import RecordFormat
import Synchronization

/// A list that was begun for one answer, and is closed when nobody holds this any more: at its end, or where the client has left.
///
/// Not so once a client was told how to go on: then it is there until its time is over.
final class ListLease: Sendable {
    private let list: UInt64
    private let topic: TopicName
    private let engine: any BrokerEngine
    private let isKept = Atomic<Bool>(false)

    /// Holds a list that is open.
    init(_ list: UInt64, of topic: TopicName, _ engine: any BrokerEngine) {
        self.list = list
        self.topic = topic
        self.engine = engine
    }

    /// Leaves the list open when this goes.
    func keep() {
        isKept.store(true, ordering: .relaxed)
    }

    deinit {
        if !isKept.load(ordering: .relaxed) { engine.closeList(list, of: topic) }
    }
}
