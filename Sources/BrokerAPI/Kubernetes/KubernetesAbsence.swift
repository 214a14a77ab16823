import BrokerCore
import JSONBytes
import RecordFormat

/// A watch where there is no such collection: it has no objects, and tells how far it is, until there is one.
///
/// That it has come shows by the stream's condition, which ends the watch: its client lists again.
struct KubernetesAbsence: WatchContent {
    /// There is nothing to read.
    struct Reading: Sendable {}
    typealias Found = Void

    /// The version of a list without a collection: that of no collection, and older than those of all.
    static let version = "1"

    var encoder: EventEncoder
    private(set) var isCaughtUp = false
    private let marks: KubernetesMarks
    private let hasBookmarks: Bool
    /// Whether the state, which is nothing, is still to be told to its end.
    private var owesEndOfState: Bool

    /// A watch that has told nothing.
    init(_ marks: KubernetesMarks, _ options: CollectionOptions, _ stream: WatchOptions) {
        self.marks = marks
        hasBookmarks = options.hasBookmarks
        if case .state(let isMarked) = options.start { owesEndOfState = isMarked } else { owesEndOfState = false }
        encoder = EventEncoder(framing: stream.framing, isPage: false, jsonDepthMax: stream.limits.jsonDepthMax)
    }

    /// Refuses a version that is none, and one of a collection that was there: its objects are gone.
    static func check(_ version: String?) throws {
        guard let version, version != Self.version else { return }
        try KubernetesVersion.check(version, of: [])
        throw KubernetesStatus.expired("the resourceVersion is one of a collection that was deleted: list again")
    }

    static func read(_ reading: Reading, _ engine: any BrokerEngine) async throws(BrokerError) {}

    var reading: Reading { Reading() }
    var cursor: Cursor { Cursor(positions: []) }
    var isAtEnd: Bool { false }
    var isPending: Bool { false }
    var hasGap: Bool { false }
    var place: String? { Self.version }
    var mayBookmark: Bool { hasBookmarks && !owesEndOfState }
    var owesPlaces: Bool { false }

    mutating func take(_ found: Void) throws(Problem) -> BrokerError? {
        isCaughtUp = true
        if owesEndOfState, hasBookmarks { writeBookmark(isEndOfState: true) }
        owesEndOfState = false
        return nil
    }

    mutating func write(_ room: inout BatchWalk.Room) throws(Problem) -> BatchWalk.Outcome { .done }
    mutating func shed() {}
    mutating func breakOff() { isCaughtUp = false }

    mutating func writeBookmark(isReading: Bool) { writeBookmark(isEndOfState: false) }

    private mutating func writeBookmark(isEndOfState: Bool) {
        write("BOOKMARK") { $0.writeBookmark(Self.version, isEndOfState: isEndOfState, to: &$1) }
    }

    mutating func write(_ problem: Problem) {
        write("ERROR") { $0.write(problem, to: &$1) }
    }

    private mutating func write(_ type: String, _ object: (KubernetesMarks, inout JSONWriter) -> Void) {
        // Aside, since the encoder is this value's too.
        let marks = marks
        encoder.write(named: type) { json in
            json.beginObject()
            json.field("type", type)
            json.key("object")
            object(marks, &json)
            json.endObject()
        }
    }

    mutating func close(_ reason: String, reconnect: Bool, _ problem: Problem?) {
        encoder.endFlush(id: nil)
    }

    func problem(_ error: BrokerError) -> Problem {
        // The condition's: there is a collection now.
        if case .topicReplaced(let name) = error { return .versionOfEarlier(name) }
        return Problem(error)
    }
}
