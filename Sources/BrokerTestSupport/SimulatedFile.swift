import SystemPackage

/// A file's inode: what each layer between a program and the platter holds of it.
///
/// ```
/// program -> cached (page cache) -> device (the device's cache) -> durable (stable storage)
///              dirty: newer than device    unflushed: newer than durable
/// ```
/// A flush moves both kinds of newer blocks down. After a failed one they are `doomed`: the cache shows them, the system
/// calls them clean, and no later flush makes them durable. Only writing them anew does.
///
/// Of several writes to one block between two flushes only the last is kept: with sectors torn between old and new, a power
/// cut leaves little less than it would with all of them.
struct SimulatedFile: Sendable {
    /// What put a block into the page cache without the device knowing.
    enum Dirt: Sendable {
        /// A write: a power cut may leave anything in it.
        case written
        /// A truncation: a power cut leaves what was there, or zeros.
        case cut
    }

    /// The size that programs see.
    var size: UInt64 = 0
    /// The size that survives.
    var durableSize: UInt64 = 0
    /// The sizes it had since, in their order; any of them may survive.
    var unflushedSizes: [UInt64] = []

    var cached = SimulatedBlocks()
    var device = SimulatedBlocks()
    var durable = SimulatedBlocks()

    var dirty: [Int: Dirt] = [:]
    var unflushed: Set<Int> = []
    var doomed: Set<Int> = []
    /// A write was lost or went elsewhere: the layers differ although nothing is marked.
    var hasStrayWrites = false

    /// Flushes that failed; a descriptor is told when it has not seen the last of them.
    var errorCount = 0
    var lastError = Errno.ioError

    /// Whether a power cut leaves it exactly as it is.
    var isSettled: Bool {
        dirty.isEmpty && unflushed.isEmpty && doomed.isEmpty && unflushedSizes.isEmpty && !hasStrayWrites
    }

    /// Reads from the page cache, or around it.
    /// - Returns: the bytes read, fewer than asked for only at the end.
    mutating func read(
        into buffer: UnsafeMutableRawBufferPointer,
        at position: UInt64,
        isDirect: Bool
    ) -> Int {
        guard position < size else { return 0 }
        let count = Int(min(UInt64(buffer.count), size - position))
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        if isDirect {
            writeBack(position, count)
            device.read(into: target, at: position)
        } else {
            cached.read(into: target, at: position)
        }
        return count
    }

    /// Writes through the page cache.
    mutating func writeCached(_ bytes: [UInt8], at position: UInt64) {
        for index in cached.write(bytes, at: position) { dirty[index] = .written }
        grow(to: position + UInt64(bytes.count))
    }

    /// Writes around the page cache; what the cache holds of the place is replaced.
    mutating func writeDirect(_ bytes: [UInt8], at position: UInt64) {
        writeBack(position, bytes.count)
        writeDevice(bytes, at: position)
        for index in cached.write(bytes, at: position) { dirty[index] = nil }
        grow(to: position + UInt64(bytes.count))
    }

    /// Lets bytes reach the device alone, where nobody looks for them if the page cache holds the place.
    mutating func writeDevice(_ bytes: [UInt8], at position: UInt64) {
        for index in device.write(bytes, at: position) {
            doomed.remove(index)
            unflushed.insert(index)
        }
    }

    /// A write through the page cache that never reaches the device, and that nobody notices.
    mutating func loseCached(_ bytes: [UInt8], at position: UInt64) {
        for index in cached.write(bytes, at: position) { dirty[index] = nil }
        hasStrayWrites = true
        grow(to: position + UInt64(bytes.count))
    }

    /// Cuts or extends.
    mutating func truncate(to newSize: UInt64) {
        guard newSize != size else { return }
        if newSize < size {
            let first = Int(newSize) / SimulatedBlock.size
            for index in first..<max(first, cached.count) where dirty[index] == nil { dirty[index] = .cut }
            cached.cut(to: newSize)
        }
        size = newSize
        unflushedSizes.append(newSize)
    }

    /// Puts zeros where the file has no blocks yet, up to a size.
    mutating func allocate(to newSize: UInt64) {
        let held = UInt64(cached.count * SimulatedBlock.size)
        if newSize > held { writeCached([UInt8](repeating: 0, count: Int(newSize - held)), at: held) }
        grow(to: newSize)
    }

    /// Makes everything durable that is not doomed.
    mutating func flush() {
        for index in dirty.keys {
            device[index] = cached[index]
            durable[index] = cached[index]
            doomed.remove(index)
        }
        for index in unflushed where dirty[index] == nil { durable[index] = device[index] }
        dirty.removeAll()
        unflushed.removeAll()
        unflushedSizes.removeAll()
        durableSize = size
        durable.cut(to: size)
        device.cut(to: size)
    }

    /// A flush, or a writeback in the background, that fails: the pages become clean, their content is lost.
    mutating func failFlush(_ code: Errno) {
        doomed.formUnion(dirty.keys)
        doomed.formUnion(unflushed)
        dirty.removeAll()
        unflushed.removeAll()
        errorCount += 1
        lastError = code
    }

    /// Forgets the clean pages, so that the device's content shows.
    mutating func dropCache() {
        var fresh = device
        fresh.cut(to: size)
        for index in dirty.keys { fresh[index] = cached[index] }
        cached = fresh
    }

    /// Replaces everything, durably and with no trace: damage from outside, or a file given to a test.
    mutating func replace(with bytes: [UInt8]) {
        var content = SimulatedBlocks()
        content.write(bytes, at: 0)
        settle(content, size: UInt64(bytes.count))
    }

    /// Makes one content that of all layers.
    mutating func settle(_ content: SimulatedBlocks, size: UInt64) {
        cached = content
        device = content
        durable = content
        self.size = size
        durableSize = size
        unflushedSizes.removeAll()
        dirty.removeAll()
        unflushed.removeAll()
        doomed.removeAll()
        hasStrayWrites = false
    }

    private mutating func grow(to end: UInt64) {
        guard end > size else { return }
        size = end
        unflushedSizes.append(end)
    }

    /// Lets the dirty pages of a range go to the device, as Linux does before direct I/O and when it is asked to.
    mutating func writeBack(_ position: UInt64, _ count: Int) {
        guard count > 0, !dirty.isEmpty else { return }
        let first = Int(position) / SimulatedBlock.size
        let last = (Int(position) + count - 1) / SimulatedBlock.size
        for index in first...last where dirty.removeValue(forKey: index) != nil {
            device[index] = cached[index]
            doomed.remove(index)
            unflushed.insert(index)
        }
    }
}
