import JSONBytes
import RecordFormat

/// Which records a reader wants: those of which every term holds.
///
/// It looks at the bytes as they are stored; nothing is decoded or allocated. A value is walked once for each term that
/// looks into it, and checked before where its batch is not marked as JSON.
struct RecordFilter: Sendable {
    /// The terms; those that need no look at the value stand first.
    let terms: [FilterTerm]
    private let cheapCount: Int
    private let jsonDepthMax: Int

    /// A filter of terms.
    init(_ terms: [FilterTerm], jsonDepthMax: Int) {
        let cheap = terms.filter(\.isCheap)
        self.terms = cheap + terms.filter { !$0.isCheap }
        self.jsonDepthMax = jsonDepthMax
        cheapCount = cheap.count
    }

    /// Whether a record is wanted; `bytes` are those that its ranges index into.
    ///
    /// - Parameter isJSON: whether its batch is marked: its value was checked when it came in.
    func matches(_ record: borrowing Record, _ bytes: UnsafeRawBufferPointer, isJSON: Bool) -> Bool {
        for term in terms[..<cheapCount] where !term.holds(record, bytes, .none) { return false }
        guard cheapCount < terms.count else { return true }
        let value = value(record.value, bytes, isJSON: isJSON)
        for term in terms[cheapCount...] where !term.holds(record, bytes, value) { return false }
        return true
    }

    private func value(_ place: Range<Int>?, _ bytes: UnsafeRawBufferPointer, isJSON: Bool) -> FilterTerm.Value {
        guard let place else { return .none }
        if isJSON { return .json(place) }
        let value = UnsafeRawBufferPointer(rebasing: bytes[place])
        guard let shape = try? JSONValidator.validate(value, depthMax: jsonDepthMax) else { return .bytes(place) }
        let start = place.lowerBound + shape.value.lowerBound
        return .json(start..<(start + shape.value.count))
    }
}
