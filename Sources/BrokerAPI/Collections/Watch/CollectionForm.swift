import BrokerCore
import JSONBytes

/// In which form a watch of a collection tells its events: the seam at which another API takes part.
///
/// The machine decides what is told and when; a form writes what stands beside `type`, and it may keep what it has told.
protocol CollectionForm: Sendable {
    /// Whether the stream says `goodbye` at its end, where its framing has room for that.
    var saysGoodbye: Bool { get }
    /// Whether it needs the version before each change.
    var needsPrevious: Bool { get }

    /// A name that no other form has, where what it writes of an event depends on the event alone; nil where it does not.
    var sharedName: String? { get }

    /// Writes the fields of an event into an open object, `object` among them.
    mutating func write(_ event: ItemEvent, to json: inout JSONWriter)
    /// Writes the object of a bookmark as the next value.
    ///
    /// - Parameter isEndOfState: whether what was told so far is the state as it was when the watch began.
    mutating func writeBookmark(_ version: String, isEndOfState: Bool, to json: inout JSONWriter)
    /// Writes the object of an error as the next value.
    mutating func write(_ problem: Problem, to json: inout JSONWriter)
}

extension CollectionForm {
    /// Events are written for each watcher anew.
    var sharedName: String? { nil }

    /// The name of the annotation of the bookmark with which the state ends.
    static var endOfState: String { "k8s.io/initial-events-end" }
}
