import RecordFormat

/// Where the latest record of each key stands: a hash table with open addressing, 32 bytes a slot, filled to three quarters.
///
/// It holds hashes of 128 bits instead of keys, so a key costs 43 to 86 bytes however long it is, and up to 128 once many
/// others were removed. Two keys of one hash would be taken for one; with a secret key that does not happen: among a billion
/// keys the odds are 1 in 10^20.
struct KeyTable: Sendable {
    /// What is known of a key.
    struct Entry: Hashable, Sendable {
        /// The offset of its latest record.
        var latest: Offset
        /// When the key came into being: the time of its first record, or of the first after it was deleted.
        var created: Timestamp
    }

    private struct Slot {
        var hash: SipHash.Value
        var entry: Entry
        var isFree: Bool { entry.latest.value < 0 }

        static let free = Slot(
            hash: SipHash.Value(low: 0, high: 0),
            entry: Entry(latest: Offset(-1), created: .epoch)
        )
    }

    private static let slotsMin = 16

    private var slots: [Slot]
    /// How many keys there are.
    private(set) var count = 0

    /// An empty table that takes so many keys without growing.
    init(capacity: Int = 0) {
        var size = Self.slotsMin
        while size * 3 < capacity * 4 { size *= 2 }
        slots = Array(repeating: .free, count: size)
    }

    /// All that it has allocated for its slots.
    var bytes: ByteCount { ByteCount(slots.count * MemoryLayout<Slot>.stride) }

    /// What is known of a key.
    subscript(hash: SipHash.Value) -> Entry? {
        let slot = slots[place(of: hash)]
        return slot.isFree ? nil : slot.entry
    }

    /// Enters a key, or changes what is known of it; answers what was known before.
    @discardableResult
    mutating func set(_ hash: SipHash.Value, _ entry: Entry) -> Entry? {
        let place = place(of: hash)
        let before = slots[place]
        slots[place] = Slot(hash: hash, entry: entry)
        guard before.isFree else { return before.entry }
        count += 1
        if count * 4 > slots.count * 3 { resize(to: slots.count * 2) }
        return nil
    }

    /// Removes a key; answers what was known of it.
    @discardableResult
    mutating func remove(_ hash: SipHash.Value) -> Entry? {
        let place = place(of: hash)
        guard !slots[place].isFree else { return nil }
        let removed = slots[place].entry
        close(place)
        count -= 1
        // Half full then, so that it does not grow again at once.
        if count * 4 < slots.count, slots.count > Self.slotsMin { resize(to: slots.count / 2) }
        return removed
    }

    /// Removes all keys whose latest record stands below an offset; goes over the whole table.
    mutating func removeAll(below start: Offset) {
        let kept = slots.filter { !$0.isFree && $0.entry.latest >= start }
        self = KeyTable(capacity: kept.count)
        for slot in kept { set(slot.hash, slot.entry) }
    }

    /// Goes over all keys, in the order of the table: entered in this order, they stand side by side again.
    func forEachKey<Failure: Error>(_ body: (SipHash.Value, Entry) throws(Failure) -> Void) throws(Failure) {
        for slot in slots where !slot.isFree { try body(slot.hash, slot.entry) }
    }

    /// The slot of a hash, or the free one for it.
    private func place(of hash: SipHash.Value) -> Int {
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: hash.low) & mask
        while !slots[place].isFree, slots[place].hash != hash { place = (place + 1) & mask }
        return place
    }

    /// Frees a slot, and moves up what stands behind it only because that place was taken.
    private mutating func close(_ removed: Int) {
        let mask = slots.count - 1
        var free = removed
        var place = (free + 1) & mask
        while !slots[place].isFree {
            let home = Int(truncatingIfNeeded: slots[place].hash.low) & mask
            if (place - home) & mask >= (place - free) & mask {
                slots[free] = slots[place]
                free = place
            }
            place = (place + 1) & mask
        }
        slots[free] = .free
    }

    private mutating func resize(to size: Int) {
        let old = slots
        slots = Array(repeating: .free, count: size)
        for slot in old where !slot.isFree { slots[place(of: slot.hash)] = slot }
    }
}
