import Glibc
import RecordFormat

/// The newest offset of every key in a range of a log, in bounded memory.
///
/// A hash table with open addressing over the keys' own bytes, so that two keys of one hash are two keys: a collision costs
/// a comparison and never a record. An entry takes 20 bytes and its key; a slot 8, filled to three quarters.
///
/// ```
/// slot:   32 high bits of the hash | 32 bits: 1 + the entry's place in the arena; 0 when it is free
/// entry:  0 8 last offset | 8 8 offset of the version before, -1 when none was met | 16 4 key length | 20 .. key
/// ```
final class KeyMap {
    /// Spreads keys.
    typealias KeyHash = @Sendable (UnsafeRawBufferPointer) -> UInt64

    /// What is known of a key.
    struct Entry: Equatable {
        /// The offset of its newest record.
        let last: Offset
        /// The offset of the newest one before it that was met so far.
        let previous: Offset?
    }

    private static let entryHead = 20

    private let hash: KeyHash
    private let slots: UnsafeMutableBufferPointer<UInt64>
    private var arena: UnsafeMutableRawBufferPointer
    private var used = 0
    /// How many keys there are.
    private(set) var count = 0

    /// The process's own keyed hash, SipHash in the standard library.
    static let sipHash: KeyHash = { key in
        var hasher = Hasher()
        hasher.combine(bytes: key)
        return UInt64(truncatingIfNeeded: hasher.finalize())
    }

    /// An empty map.
    ///
    /// The arena's pages are the system's until they are touched. One key always has room, however long it is.
    init(bytesMax: ByteCount, hash: @escaping KeyHash) {
        self.hash = hash
        // Places in the arena are 32 bits.
        let bytes = min(max(bytesMax.value, 256), 1 << 31)
        let slotBytes = 1 << (Int.bitWidth - 1 - (bytes / 3).leadingZeroBitCount)
        slots = .allocate(capacity: slotBytes / MemoryLayout<UInt64>.size)
        slots.initialize(repeating: 0)
        arena = .allocate(byteCount: bytes - slotBytes, alignment: 8)
    }

    deinit {
        slots.deallocate()
        arena.deallocate()
    }

    /// All that it has allocated.
    var bytes: ByteCount { ByteCount(slots.count * MemoryLayout<UInt64>.size + arena.count) }

    /// Notes a record of a key; offsets rise from call to call.
    ///
    /// - Returns: false when there is no room for another key, and nothing was noted.
    func note(_ key: UnsafeRawBufferPointer, at offset: Offset) -> Bool {
        let (slot, hash, entry) = find(key)
        if let entry {
            store(load(entry), at: entry + 8)
            store(offset.value, at: entry)
            return true
        }
        let size = Self.entryHead + key.count
        if count == 0 { makeRoom(for: size) }
        guard size <= arena.count - used, (count + 1) * 4 <= slots.count * 3 else { return false }
        store(offset.value, at: used)
        store(-1, at: used + 8)
        arena.storeBytes(of: UInt32(key.count), toByteOffset: used + 16, as: UInt32.self)
        UnsafeMutableRawBufferPointer(rebasing: arena[(used + Self.entryHead)...]).copyMemory(from: key)
        slots[slot] = (hash >> 32) << 32 | UInt64(used + 1)
        used += size
        count += 1
        return true
    }

    /// What is known of a key of which a record stands at this offset.
    ///
    /// When the key has a newer one, the record counts among the versions before that.
    func meet(_ key: UnsafeRawBufferPointer, at offset: Offset) -> Entry? {
        guard let entry = find(key).entry else { return nil }
        let last = load(entry)
        if offset.value < last, offset.value > load(entry + 8) { store(offset.value, at: entry + 8) }
        let previous = load(entry + 8)
        return Entry(last: Offset(last), previous: previous < 0 ? nil : Offset(previous))
    }

    /// The slot of a key or the free one for it, its hash, and its entry's place.
    private func find(_ key: UnsafeRawBufferPointer) -> (slot: Int, hash: UInt64, entry: Int?) {
        let hash = hash(key)
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let entry = Int(slots[slot] & 0xFFFF_FFFF) - 1
            if slots[slot] >> 32 == hash >> 32, holds(key, at: entry) { return (slot, hash, entry) }
            slot = (slot + 1) & mask
        }
        return (slot, hash, nil)
    }

    private func holds(_ key: UnsafeRawBufferPointer, at entry: Int) -> Bool {
        let length = Int(arena.loadUnaligned(fromByteOffset: entry + 16, as: UInt32.self))
        guard length == key.count else { return false }
        // An empty key may come without an address, and has nothing to compare.
        guard length > 0, let key = key.baseAddress, let base = arena.baseAddress else { return true }
        return memcmp(base + entry + Self.entryHead, key, length) == 0
    }

    private func makeRoom(for size: Int) {
        guard size > arena.count else { return }
        arena.deallocate()
        arena = .allocate(byteCount: size, alignment: 8)
    }

    private func load(_ place: Int) -> Int64 { arena.loadUnaligned(fromByteOffset: place, as: Int64.self) }

    private func store(_ value: Int64, at place: Int) {
        arena.storeBytes(of: value, toByteOffset: place, as: Int64.self)
    }
}
