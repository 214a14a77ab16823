/// A page of records, and where to go on.
public struct RecordPage: Sendable {
    /// The records, in the order of the answer.
    public let records: [ReceivedRecord]
    /// The cursor with which to go on; always there, also when there were no records.
    public let next: String
    /// Whether the page ended at the end of what is visible.
    public let caughtUp: Bool
}
