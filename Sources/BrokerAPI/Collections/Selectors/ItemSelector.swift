import BrokerCore
import JSONBytes
import NIOCore
import RecordFormat

/// Which items of a collection somebody wants: those of which every requirement on labels and fields holds.
///
/// An item whose value is not JSON, or is no object, has none of the fields that a path names.
struct ItemSelector: Sendable {
    private let labels: [LabelTerm]
    private let cheap: [FieldTerm]
    private let ofValue: [FieldTerm]
    private let jsonDepthMax: Int

    /// The key that alone can be wanted; nil where there may be several.
    var onlyKey: [UInt8]? { cheap.first { $0.field == .name && !$0.isNegated }?.literal.text }

    /// Whether no item can be wanted, whatever items there are.
    var isOfNothing: Bool { cheap.contains(where: \.isNever) }

    /// A selector; nil when nothing is required.
    init?(labels: [LabelTerm], fields: [FieldTerm], jsonDepthMax: Int) {
        guard !labels.isEmpty || !fields.isEmpty else { return nil }
        self.labels = labels
        self.jsonDepthMax = jsonDepthMax
        cheap = fields.filter { !$0.isOfValue }
        ofValue = fields.filter(\.isOfValue)
    }

    /// Reads the selectors of a query.
    ///
    /// - Parameter constants: fields that are the same for all items, and their values.
    init?(_ query: QueryParameters, constants: [String: String] = [:], limits: Limits) throws(Problem) {
        let labels = try query["labelSelector"].map { (text) throws(Problem) in
            try LabelSelectorParser.parse(text, limits: limits)
        }
        let fields = try query["fieldSelector"].map { (text) throws(Problem) in
            try FieldSelectorParser.parse(text, constants: constants, limits: limits)
        }
        self.init(labels: labels ?? [], fields: fields ?? [], jsonDepthMax: limits.jsonDepthMax)
    }

    /// Whether an item is wanted; a tombstone is none.
    func matches(_ item: CollectionItem) -> Bool {
        guard let value = item.record.value else { return false }
        for term in labels where !term.holds(item.record.headers) { return false }
        let key = item.record.key ?? ByteBuffer()
        for term in cheap where !term.holds(key: key) { return false }
        guard !ofValue.isEmpty else { return true }
        return value.withUnsafeReadableBytes { bytes in
            let place = document(bytes, isJSON: item.isJSON)
            return ofValue.allSatisfy { $0.holds(bytes, place) }
        }
    }

    private func document(_ bytes: UnsafeRawBufferPointer, isJSON: Bool) -> Range<Int>? {
        if isJSON { return 0..<bytes.count }
        return (try? JSONValidator.validate(bytes, depthMax: jsonDepthMax))?.value
    }
}
