import NIOCore
import RecordFormat
import Synchronization

/// The newest batches as watchers write them: each is encoded once per form, by the first who meets it, and copied by all others.
///
/// Bounded in bytes; the oldest make room. A batch that would take a large part of it all is not kept, and neither tried again.
///
/// Concurrency: the lock is a leaf, held for look-ups; encoding is done outside of it, so that two who come at the same time may
/// both do it, and the first one's frames stay.
final class SharedFrames: Sendable {
    /// Which batch, in which form.
    ///
    /// Stored batches never change, but one that compaction has rewritten stands at the same offset: its checksum and size tell.
    struct Key: Hashable, Sendable {
        let topic: TopicID
        let partition: PartitionIndex
        let base: Offset
        let checksum: UInt32
        let size: ByteCount
        let form: RecordForm

        /// The key of a batch.
        init(_ batch: RecordBatch, of topic: TopicID, _ partition: PartitionIndex, _ form: RecordForm) {
            self.topic = topic
            self.partition = partition
            base = batch.baseOffset
            checksum = batch.checksum
            size = batch.encodedBytes
            self.form = form
        }
    }

    fileprivate struct State {
        /// Nil for a batch that is not worth keeping, or whose records cannot be read.
        var entries: [Key: BatchFrames?] = [:]
        var order = CircularBuffer<Key>()
        var bytes = 0
    }

    /// The most bytes of all frames.
    let bytesMax: Int
    private let state = Mutex(State())

    /// Nothing encoded yet.
    init(bytesMax: ByteCount) {
        self.bytesMax = bytesMax.value
    }

    /// The bytes that are kept.
    var bytes: Int { state.withLock { $0.bytes } }

    /// The frames of a batch.
    ///
    /// - Parameter make: encodes it; nil for whoever only wants what is there.
    func frames(of key: Key, make: (() throws -> BatchFrames)?) -> BatchFrames? {
        if let found = state.withLock({ $0.entries[key] }) { return found }
        guard let make else { return nil }
        // Damage is told by whoever then writes record by record, after those before it.
        let made = try? make()
        let kept = made.flatMap { $0.cost <= bytesMax / 4 ? $0 : nil }
        state.withLock { $0.keep(kept, key, bytesMax: bytesMax) }
        return made
    }
}

extension SharedFrames.State {
    /// What an entry takes besides its frames.
    private static let overheadBytes = 256

    private static func cost(_ frames: BatchFrames?) -> Int { (frames?.cost ?? 0) + overheadBytes }

    mutating func keep(_ frames: BatchFrames?, _ key: SharedFrames.Key, bytesMax: Int) {
        guard entries[key] == nil else { return }
        let cost = Self.cost(frames)
        while bytes + cost > bytesMax, let oldest = order.popFirst() {
            if let removed = entries.removeValue(forKey: oldest) { bytes -= Self.cost(removed) }
        }
        guard bytes + cost <= bytesMax else { return }
        entries.updateValue(frames, forKey: key)
        order.append(key)
        bytes += cost
    }
}
