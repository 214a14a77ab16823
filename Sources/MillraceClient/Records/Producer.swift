/// A producer that numbers its requests, so that the broker stores each of them once, however often it is sent.
///
/// The numbers count the requests of one topic; a value belongs to one sequence of calls, one after the other. When a call
/// fails and it is not known whether its records were stored, its number stays the next one: the same records must be sent
/// again with the same producer, or nothing more.
public struct Producer: Sendable, Hashable {
    /// The name: 1 to 249 visible ASCII characters without commas.
    public private(set) var id: String
    /// The epoch: a higher one fences the lower ones, and counts from 0.
    public let epoch: Int16
    /// Whether the name was made up here, so that another one may take its place.
    private let isAnonymous: Bool
    private var next: [String: Int32] = [:]

    /// A producer with a name of its own, such as a service's instance, which it keeps over restarts.
    ///
    /// - Parameter epoch: higher than in any earlier life, since the numbers begin at 0.
    public init(id: String, epoch: Int16) {
        self.id = id
        self.epoch = epoch
        isAnonymous = false
    }

    /// A producer of a random name, for one life: its retries are stored once.
    ///
    /// When the broker has forgotten it after a long silence, it goes on under another name.
    public init() {
        id = Self.randomID()
        epoch = 0
        isAnonymous = true
    }

    private static func randomID() -> String {
        let number = UInt128.random(in: .min ... .max)
        return "client-" + String(number, radix: 36)
    }

    /// The number of the next request of a topic.
    func sequence(of topic: String) -> Int32 { next[topic] ?? 0 }

    /// The fields of the next request of a topic.
    func fields(of topic: String) -> [(name: String, value: String)] {
        [
            ("Producer-Id", id), ("Producer-Epoch", String(epoch)),
            ("Producer-Seq", String(sequence(of: topic))),
        ]
    }

    /// Notes that a request of a topic was stored.
    ///
    /// - Throws: `invalidArgument` after the last number of an epoch.
    mutating func advance(_ topic: String) throws(MillraceError) {
        let (following, isOverflow) = sequence(of: topic).addingReportingOverflow(1)
        guard !isOverflow else {
            throw .invalidArgument("the producer \(id) has used its last number: begin a higher epoch")
        }
        next[topic] = following
    }

    /// Takes another name, if this one was made up; false when it cannot.
    ///
    /// Only when every request so far was answered: nobody could tell a retry under the new name.
    mutating func renew() -> Bool {
        guard isAnonymous else { return false }
        id = Self.randomID()
        next = [:]
        return true
    }
}
