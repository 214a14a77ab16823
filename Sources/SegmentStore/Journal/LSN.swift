/// A place in the journal's endless stream of bytes: a multiple of the ring's block.
///
/// No LSN is used twice.
struct LSN: Hashable, Comparable, Sendable, CustomStringConvertible {
    let value: UInt64

    init(_ value: UInt64) {
        self.value = value
    }

    func advanced(by bytes: Int) -> LSN {
        LSN(value + UInt64(bytes))
    }

    static func < (left: LSN, right: LSN) -> Bool { left.value < right.value }

    var description: String { String(value) }
}
