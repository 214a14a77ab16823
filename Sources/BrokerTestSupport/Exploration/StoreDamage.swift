import RecordFormat
import SegmentStore
import SystemPackage

/// What a medium, a person or another program may do to one file of a data directory.
public struct StoreDamage: Hashable, Sendable, CustomStringConvertible {
    /// The ways.
    public enum Change: Hashable, Sendable {
        /// One bit is flipped.
        case bit(UInt64, Int)
        /// The file ends earlier.
        case cut(to: Int)
        /// So many bytes are added.
        case extended(by: Int)
        /// Every byte is zero.
        case zeroed
        /// The file is gone.
        case missing
        /// The file and another of its kind have each other's content.
        case swapped(with: String)
    }

    /// The file, below the data directory.
    public let path: String
    /// What is done to it.
    public let change: Change

    /// Creates a damage.
    public init(path: String, change: Change) {
        self.path = path
        self.change = change
    }

    /// As a command line has it: the path, an `!`, and what is done.
    public var description: String {
        switch change {
        case .bit(let position, let bit): "\(path)!bit=\(position).\(bit)"
        case .cut(let size): "\(path)!cut=\(size)"
        case .extended(let count): "\(path)!extended=\(count)"
        case .zeroed: "\(path)!zeroed"
        case .missing: "\(path)!missing"
        case .swapped(let other): "\(path)!swapped=\(other)"
        }
    }

    /// Reads what `description` wrote.
    public init?(_ text: String) {
        let halves = text.split(separator: "!", maxSplits: 1)
        guard halves.count == 2 else { return nil }
        let words = halves[1].split(separator: "=", maxSplits: 1)
        let path = String(halves[0])
        switch (words.first, words.count == 2 ? String(words[1]) : nil) {
        case ("bit", .some(let place)):
            let numbers = place.split(separator: ".").compactMap { UInt64($0) }
            guard numbers.count == 2 else { return nil }
            self.init(path: path, change: .bit(numbers[0], Int(numbers[1])))
        case ("cut", .some(let size)): self.init(path: path, change: .cut(to: Int(size) ?? 0))
        case ("extended", .some(let count)): self.init(path: path, change: .extended(by: Int(count) ?? 1))
        case ("zeroed", nil): self.init(path: path, change: .zeroed)
        case ("missing", nil): self.init(path: path, change: .missing)
        case ("swapped", .some(let other)): self.init(path: path, change: .swapped(with: other))
        default: return nil
        }
    }

    /// What the file is, without the names and numbers in it.
    public var kind: String {
        let name = path.split(separator: "/").last ?? ""
        if name.hasPrefix("checkpoint.") { return "checkpoint" }
        return name.split(separator: ".").last.map(String.init) ?? path
    }

    /// Whether two segments' files have changed places.
    var swapsSegments: Bool {
        guard case .swapped = change else { return false }
        return path.hasSuffix(".log")
    }

    /// Whether it is a bit of a log that compaction wrote.
    var isInCompactedLog: Bool {
        guard case .bit = change else { return false }
        return path.hasSuffix(".log") && path.split(separator: "/").dropLast().last?.hasPrefix("g") == true
    }

    /// The partitions that the files belong to; nil where one is shared by several.
    var partitions: Set<PartitionKey>? {
        var paths = [path]
        if case .swapped(let other) = change { paths.append(other) }
        let keys = paths.compactMap(Self.partition)
        return keys.count == paths.count ? Set(keys) : nil
    }

    private static func partition(of path: String) -> PartitionKey? {
        let names = path.split(separator: "/")
        guard names.count >= 4, names[0] == "topics", let id = TopicID(hex: String(names[1])),
            let index = Int32(names[2])
        else { return nil }
        return PartitionKey(topic: id, partition: PartitionIndex(index))
    }

    func apply(to fileSystem: SimulatedFileSystem) throws {
        let file = Self.file(path)
        switch change {
        case .bit(let position, let bit):
            try fileSystem.flipBit(of: file, at: FilePosition(position), bit: bit)
        case .cut(let size):
            try fileSystem.replaceContents(of: file, with: Array(fileSystem.contents(of: file).prefix(size)))
        case .extended(let count):
            let bytes = try fileSystem.contents(of: file)
            try fileSystem.replaceContents(of: file, with: bytes + [UInt8](repeating: 0xA7, count: count))
        case .zeroed:
            let count = try fileSystem.contents(of: file).count
            try fileSystem.replaceContents(of: file, with: [UInt8](repeating: 0, count: count))
        case .missing:
            try fileSystem.unlink(file)
        case .swapped(let other):
            let (first, second) = (try fileSystem.contents(of: file), try fileSystem.contents(of: Self.file(other)))
            try fileSystem.replaceContents(of: file, with: second)
            try fileSystem.replaceContents(of: Self.file(other), with: first)
        }
    }

    /// The file on the simulated volume.
    static func file(_ path: String) -> FilePath { FilePath(StoreWorkload.directory.string + "/" + path) }
}

/// What became of a damage.
public enum StoreDamageOutcome: String, CaseIterable, Hashable, Sendable {
    /// The start is refused.
    case refusedStart
    /// The partition is quarantined at the start.
    case quarantined
    /// A read is refused.
    case refusedRead
    /// A scrub of the running store finds it, and sets the partition aside.
    case foundByScrub
    /// A scrub finds a derived file that is not what it should be, and makes it again.
    case rebuilt
    /// `log verify` finds it.
    case foundByVerify
    /// Everything is served as it was written, and nothing that counts is changed.
    case harmless
    /// Named exception: the leader epoch of a batch stands outside its checksum, as in Kafka's format.
    case leaderEpoch
    /// Named exception: the base offset of a batch in a compacted segment, which lies outside its checksum in Kafka's format.
    /// Offsets have gaps there, so that another one may look right; a scrub or `log verify` finds it.
    case compactedOffset
    /// Named exception: the last frame before a power cut, as long as no later one proves it.
    case unprovenFrame
    /// Named exception: a segment's file in the place of another's. Batches do not carry the name of their partition in Kafka's
    /// format, so each reads well; the partition is quarantined where the sizes differ.
    case otherSegment
    /// Something is wrong: see the flaws.
    case wrong
}
