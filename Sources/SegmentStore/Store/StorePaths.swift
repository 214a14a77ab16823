import RecordFormat
import SystemPackage

/// Every path below a data directory, named in one place.
struct StorePaths: Sendable {
    let directory: FilePath
    /// The ring, which may lie elsewhere.
    let journal: FilePath

    init(_ configuration: StoreConfiguration) {
        directory = configuration.directory
        journal = (configuration.journalDirectory ?? directory).appending("journal")
    }

    var lock: FilePath { directory.appending("lock") }
    var meta: FilePath { directory.appending("millrace.meta") }
    /// The registry of producers' names.
    var producers: FilePath { directory.appending("producers") }
    /// Room kept for a replay on a full disk.
    var ballast: FilePath { directory.appending("ballast") }
    var topics: FilePath { directory.appending("topics") }

    /// The slot that holds a generation: even and odd ones take turns.
    func checkpoint(generation: UInt64) -> FilePath {
        directory.appending(generation % 2 == 0 ? "checkpoint.a" : "checkpoint.b")
    }

    func topic(_ id: TopicID) -> FilePath { topics.appending(id.hex) }
    /// A topic's directory while it is being made.
    func newTopic(_ id: TopicID) -> FilePath { topics.appending(id.hex + ".new") }
    /// A topic's directory while it is being removed.
    func deletedTopic(_ id: TopicID) -> FilePath { topics.appending(id.hex + ".deleted") }
    /// The topic whose directory was half made or half removed, told by the whole name: what somebody else put there is
    /// his.
    static func leftoverTopic(_ name: String) -> TopicID? {
        [".new", ".deleted"].contains(name.dropFirst(32)) ? TopicID(hex: String(name.prefix(32))) : nil
    }

    func partition(_ key: PartitionKey) -> FilePath {
        topic(key.topic).appending(String(key.partition.value))
    }
}

/// The file names of a segment: its base offset in twenty digits.
enum SegmentName {
    static func log(_ base: Offset) -> String { digits(base) + ".log" }
    static func index(_ base: Offset) -> String { digits(base) + ".index" }
    static func timeIndex(_ base: Offset) -> String { digits(base) + ".timeindex" }
    static func snapshot(_ base: Offset) -> String { digits(base) + ".snapshot" }
    static func versions(_ base: Offset) -> String { digits(base) + ".versions" }

    /// The names of all files that a segment may have.
    static func all(_ base: Offset) -> [String] {
        [log(base), index(base), timeIndex(base), snapshot(base), versions(base)]
    }

    /// The base offset by the name of any of a segment's files; nil for any other file.
    static func base(ofAny name: String) -> Offset? {
        let (digits, suffix) = (name.utf8.prefix(20), name.utf8.dropFirst(20))
        guard digits.count == 20, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            suffixes.contains(where: { $0.utf8.elementsEqual(suffix) }), let value = Int64(Substring(digits))
        else { return nil }
        return Offset(value)
    }

    private static let suffixes = [".log", ".index", ".timeindex", ".snapshot", ".versions"]

    /// The generation by the name of its directory; nil for any other.
    static func generation(ofDirectory name: String) -> UInt64? {
        guard name.first == "g", let value = UInt64(name.dropFirst()), value > 0, name == "g\(value)" else {
            return nil
        }
        return value
    }

    /// The base offset of a segment's log by its name; nil for any other file.
    static func base(ofLog name: String) -> Offset? {
        guard name.hasSuffix(".log"), name.utf8.count == 24, let value = Int64(name.dropLast(4)), value >= 0 else {
            return nil
        }
        return Offset(value)
    }

    /// A directory for what a repair takes away.
    static let cut = "cut"
    /// A file that is ready to become a partition's next segment.
    static let spare = "spare.log"

    static func isSnapshot(_ name: String) -> Bool { name.hasSuffix(".snapshot") }

    /// The offset that a snapshot covers by its name; nil for any other file.
    static func offset(ofSnapshot name: String) -> Offset? {
        guard name.hasSuffix(".snapshot"), name.utf8.count == 29, let value = Int64(name.dropLast(9)), value >= 0
        else { return nil }
        return Offset(value)
    }

    private static func digits(_ base: Offset) -> String {
        let number = String(base.value)
        return String(repeating: "0", count: 20 - number.utf8.count) + number
    }
}
