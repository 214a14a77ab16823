import BrokerCore
import RecordFormat

/// What an answer is made of, as its machine sees it: what to read next, how far everything is, and how it is written.
///
/// The machine knows time, credit, limits and the client; the content knows what stands in the log and what clients call
/// a place in it.
protocol WatchContent: Sendable {
    /// What the driver is asked to read.
    associatedtype Reading: Sendable
    /// What a read found.
    associatedtype Found: Sendable

    /// Reads; with `readNow` the only thing here that touches the broker.
    static func read(_ reading: Reading, _ engine: any BrokerEngine) async throws(BrokerError) -> Found
    /// The same, at once; nil where only `read` can tell.
    ///
    /// - Parameter round: where a read by another stream may be found.
    static func readNow(_ reading: Reading, _ engine: any BrokerEngine, _ round: StreamRound) -> Found?

    /// What is written, and waits to be taken.
    var encoder: EventEncoder { get set }
    /// What to read next.
    var reading: Reading { get }
    /// What to wait past once everything is read.
    var cursor: Cursor { get }
    /// Whether there will never be more.
    var isAtEnd: Bool { get }
    /// Whether everything was read.
    var isCaughtUp: Bool { get }
    /// Whether something was read and is not yet written.
    var isPending: Bool { get }
    /// Whether something was found missing, and will be told.
    var hasGap: Bool { get }
    /// Where a client that has all that is written goes on, as text; nil where that cannot be said just now.
    var place: String? { get }
    /// Whether a bookmark can be written now.
    var mayBookmark: Bool { get }
    /// Whether events of which none carries an id leave the client without its place.
    var owesPlaces: Bool { get }

    /// Takes what a read found; answers what will end the watch once that is written.
    mutating func take(_ found: Found) throws(Problem) -> BrokerError?
    /// Writes what was read, until that is done or the room is used up.
    mutating func write(_ room: inout BatchWalk.Room) throws(Problem) -> BatchWalk.Outcome
    /// Forgets what was read and not written: the log has it.
    mutating func shed()
    /// What comes next cannot be read, or is not asked for: nothing is known of the rest.
    mutating func breakOff()
    /// Writes a bookmark.
    ///
    /// - Parameter isReading: whether anybody looks if there is more.
    mutating func writeBookmark(isReading: Bool)
    /// Writes what ends the watch.
    mutating func write(_ problem: Problem)
    /// Writes the last event, and what closes the answer.
    mutating func close(_ reason: String, reconnect: Bool, _ problem: Problem?)
    /// A refusal of the broker, as it is told here.
    func problem(_ error: BrokerError) -> Problem
}

extension WatchContent {
    /// Always takes time.
    static func readNow(_ reading: Reading, _ engine: any BrokerEngine, _ round: StreamRound) -> Found? { nil }
}
