import BrokerCore
import NIOCore
import Synchronization

/// What a read of a collection's changes found, with the events that watchers made of it: each once in each form.
///
/// Concurrency: the lock is a leaf. Events are made outside of it, so that two who come at the same time may both make one.
final class FoundChanges: Sendable {
    private struct Key: Hashable {
        let index: Int
        let kind: ItemEvent.Kind
        let form: String
    }

    private struct State {
        var events: [Key: ByteBuffer] = [:]
        var bytesLeft: Int
    }

    /// What was found.
    let found: CollectionChanges
    /// What it takes of memory, about, and what events may take besides.
    let cost: Int
    private let state: Mutex<State>

    /// Changes of which nobody has made an event.
    init(_ found: CollectionChanges) {
        self.found = found
        let bytes = found.changes.reduce(512) { $0 + $1.cost }
        // The records are parts of whole batches, of which there is one that is larger than a read at most.
        cost = 3 * bytes + found.changes.reduce(0) { max($0, $1.item.record.key?.storageCapacity ?? 0) }
        state = Mutex(State(bytesLeft: 2 * bytes))
    }

    /// The event that a change is in a form.
    ///
    /// - Parameter form: names the form: equal names write equal bytes.
    func event(_ index: Int, _ kind: ItemEvent.Kind, in form: String, make: () -> ByteBuffer) -> ByteBuffer {
        let key = Key(index: index, kind: kind, form: form)
        if let event = state.withLock({ $0.events[key] }) { return event }
        let event = make()
        state.withLock { state in
            guard state.bytesLeft >= event.readableBytes else { return }
            state.bytesLeft -= event.readableBytes
            state.events[key] = event
        }
        return event
    }
}

extension CollectionChange {
    /// What it takes of memory, about.
    fileprivate var cost: Int {
        var cost = 512 + item.record.content
        if case .item(let before) = previous { cost += before.record.content }
        return cost
    }
}
