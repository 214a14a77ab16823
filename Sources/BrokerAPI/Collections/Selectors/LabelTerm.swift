import NIOCore
import RecordFormat

/// One requirement of a label selector.
struct LabelTerm: Sendable {
    /// What must be true of a label that is there.
    enum Condition: Hashable, Sendable {
        /// Nothing more.
        case isThere
        /// Its value is one of these, in UTF-8.
        case isOne([[UInt8]])
        /// Its value is a whole number above this one.
        case isAbove(Int64)
        /// Its value is a whole number below this one.
        case isBelow(Int64)
    }

    /// The header that holds the label.
    let header: [UInt8]
    /// What must be true.
    let condition: Condition
    /// Whether it must not: a negated requirement also holds where there is no such label, as in Kubernetes.
    let isNegated: Bool

    /// A requirement on a label.
    init(label: String, _ condition: Condition, isNegated: Bool) {
        header = Array((ItemText.labelPrefix + label).utf8)
        self.condition = condition
        self.isNegated = isNegated
    }

    /// Whether it holds for an item with these headers; of a label that is there twice the first counts.
    func holds(_ headers: [RecordHeader]) -> Bool {
        for found in headers {
            guard let value = found.value, Self.equals(found.name, header) else { continue }
            switch condition {
            case .isThere: return !isNegated
            case .isOne(let values): return values.contains { Self.equals(value, $0) } != isNegated
            case .isAbove(let bound): return Self.number(value).map { $0 > bound } ?? false
            case .isBelow(let bound): return Self.number(value).map { $0 < bound } ?? false
            }
        }
        return isNegated
    }

    private static func number(_ value: ByteBuffer) -> Int64? { Int64(String(buffer: value)) }

    private static func equals(_ bytes: ByteBuffer, _ text: [UInt8]) -> Bool {
        bytes.readableBytes == text.count && bytes.withUnsafeReadableBytes { $0.elementsEqual(text) }
    }
}
