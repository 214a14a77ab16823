import NIOCore
import RecordFormat

/// Looks records up in a versions file; neighbours cost a page for every 340.
///
/// The file is derived: whatever is wrong with it means that nothing is known.
struct VersionsReader {
    private let file: any StoreFile
    private let base: Offset
    private let seed: UInt32
    private let pageCount: Int
    /// The page that was looked at last, and its entries.
    private var current = 0
    private var entries: [(offset: UInt32, code: Int64)] = []

    /// Opens the versions file of a segment; nil when there is none that belongs to it.
    init?(_ facts: SealedSegment, of log: PartitionLog) {
        guard facts.versionsChecksum != nil else { return nil }
        let path = facts.id.directory(in: log.directory).appending(SegmentName.versions(facts.base))
        guard let file = try? log.fileSystem.open(path, .read) else { return nil }
        let head = VersionsFile.head(of: facts.id, end: facts.end, in: log)
        guard let size = try? file.size(),
            let found = try? file.readBuffer(at: .zero, bytes: VersionsFile.pageBytes), found == head
        else {
            file.close()
            return nil
        }
        self.file = file
        base = facts.base
        seed = VersionsFile.checksum(head, seed: 0)
        pageCount = Int(size.value) / VersionsFile.pageBytes - 1
    }

    func close() {
        file.close()
    }

    /// The version before the record at an offset; nil when the file does not tell.
    mutating func previous(of offset: Offset) -> PreviousVersion? {
        guard let relative = UInt32(exactly: offset - base), turn(to: relative) else { return nil }
        let place = Self.firstIndex(in: entries.count) { entries[$0].offset >= relative }
        guard place < entries.count, entries[place].offset == relative else { return nil }
        let previous = VersionsFile.previous(entries[place].code)
        return previous == .unknown ? nil : previous
    }

    /// Reads the page that holds an offset, if any does.
    private mutating func turn(to relative: UInt32) -> Bool {
        if holds(relative) { return true }
        // Sequential readers find it on the next page.
        if current < pageCount, load(current + 1), holds(relative) { return true }
        var low = 1
        var high = pageCount
        while low <= high {
            let middle = (low + high) / 2
            guard load(middle), let first = entries.first, let last = entries.last else { return false }
            if holds(relative) { return true }
            if relative < first.offset { high = middle - 1 } else if relative > last.offset { low = middle + 1 }
        }
        return false
    }

    private func holds(_ relative: UInt32) -> Bool {
        guard let first = entries.first, let last = entries.last else { return false }
        return first.offset <= relative && relative <= last.offset
    }

    /// Reads a page; false, and no entries, when it is damaged.
    private mutating func load(_ number: Int) -> Bool {
        entries.removeAll(keepingCapacity: true)
        current = number
        let place = FilePosition(UInt64(number) * UInt64(VersionsFile.pageBytes))
        guard var page = try? file.readBuffer(at: place, bytes: VersionsFile.pageBytes),
            page.readableBytes == VersionsFile.pageBytes, let stored = page.readInteger(as: UInt32.self),
            VersionsFile.checksum(page, seed: seed) == stored,
            let (found, count, _) = page.readMultipleIntegers(as: (UInt32, UInt32, UInt32).self),
            Int(found) == number, Int(count) <= VersionsFile.entriesMax
        else { return false }
        for _ in 0..<count {
            guard let (offset, code) = page.readMultipleIntegers(as: (UInt32, Int64).self) else { return false }
            entries.append((offset, code))
        }
        return true
    }

    private static func firstIndex(in count: Int, where isPast: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isPast(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
