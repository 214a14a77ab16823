import BrokerCore

/// What a client lets the broker send: everything, until it pauses or begins to count.
///
/// The first grant switches from unlimited to what it names; further ones add to it. A grant that names only records
/// leaves bytes uncounted, and the other way round.
struct Credit: Hashable, Sendable {
    /// What a client changes.
    struct Change: Hashable, Sendable {
        /// Whether delivery stands still from now on; nil leaves it as it is.
        var isPaused: Bool?
        /// Records to add.
        var records: Int64?
        /// Bytes to add, of records as they are written to the client.
        var bytes: Int64?

        /// Puts a later change behind this one.
        mutating func append(_ later: Change) {
            isPaused = later.isPaused ?? isPaused
            records = Credit.sum(records, later.records)
            bytes = Credit.sum(bytes, later.bytes)
        }
    }

    private(set) var isPaused = false
    private var records: Int64?
    private var bytes: Int64?

    /// Whether a record may be sent now; the last one may be larger than the bytes that are left.
    var mayDeliver: Bool { !isPaused && recordsLeft > 0 && bytesLeft > 0 }
    /// The records that may be sent.
    var recordsLeft: Int64 { records ?? .max }
    /// The bytes that may be sent.
    var bytesLeft: Int64 { bytes ?? .max }

    /// What may be delivered at once.
    var allowance: DeliveryAllowance {
        mayDeliver ? DeliveryAllowance(records: recordsLeft, bytes: bytesLeft) : .none
    }

    /// Carries out what a client asked for.
    mutating func apply(_ change: Change) {
        isPaused = change.isPaused ?? isPaused
        records = Self.sum(records, change.records)
        bytes = Self.sum(bytes, change.bytes)
    }

    /// Takes off what was sent.
    mutating func use(records: Int, bytes: Int) {
        if let left = self.records { self.records = max(0, left - Int64(records)) }
        if let left = self.bytes { self.bytes = max(0, left - Int64(bytes)) }
    }

    /// The sum of counts, where nil is none; one that has no number stands at the largest.
    private static func sum(_ left: Int64?, _ right: Int64?) -> Int64? {
        guard let left, let right else { return left ?? right }
        let (sum, isOverflow) = left.addingReportingOverflow(right)
        return isOverflow ? .max : sum
    }
}
