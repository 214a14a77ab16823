import RecordFormat

/// An amount of records: what is in flight, what more may be, or what one delivery came to.
struct DeliveryLoad: Hashable, Sendable {
    /// Records.
    var records: Int64
    /// Bytes of them as they are stored, batch headers included; a part of a batch counts for its share.
    var bytes: Int64

    static let zero = DeliveryLoad(records: 0, bytes: 0)

    /// Whether there is room for a record at all; the last one that is let through may be larger than the bytes left.
    var isPositive: Bool { records > 0 && bytes > 0 }

    static func + (left: DeliveryLoad, right: DeliveryLoad) -> DeliveryLoad {
        DeliveryLoad(records: left.records + right.records, bytes: left.bytes + right.bytes)
    }

    static func - (left: DeliveryLoad, right: DeliveryLoad) -> DeliveryLoad {
        DeliveryLoad(records: left.records - right.records, bytes: left.bytes - right.bytes)
    }

    /// What both allow.
    func limited(by other: DeliveryLoad) -> DeliveryLoad {
        DeliveryLoad(records: min(records, other.records), bytes: min(bytes, other.bytes))
    }
}
