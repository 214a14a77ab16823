/// Which containers are open, one bit each, innermost lowest: the validator's stack, without an allocation.
///
/// The innermost 64 levels live in one word; every further 64 spill into a fixed vector, so that the usual push and pop
/// is a shift.
struct JSONNesting {
    /// The deepest nesting there is room for.
    static let depthLimit = 1024

    private var depth = 0
    private let depthMax: Int
    private var word: UInt64 = 0
    private var spilled = SIMD16<UInt64>(repeating: 0)

    init(depthMax: Int) { self.depthMax = min(max(depthMax, 0), Self.depthLimit) }

    @inline(__always)
    var isEmpty: Bool { depth == 0 }

    /// Whether the innermost open container is an object; without a meaning when none is open.
    @inline(__always)
    var isInObject: Bool { word & 1 == 1 }

    /// Opens a container; false when that would be deeper than allowed.
    @inline(__always)
    mutating func push(isObject: Bool) -> Bool {
        guard depth < depthMax else { return false }
        if depth & 63 == 0, depth > 0 { spilled[(depth &>> 6) &- 1] = word }
        word = (word &<< 1) | (isObject ? 1 : 0)
        depth &+= 1
        return true
    }

    /// Closes the innermost container; one must be open.
    @inline(__always)
    mutating func pop() {
        depth &-= 1
        word &>>= 1
        if depth & 63 == 0, depth > 0 { word = spilled[(depth &>> 6) &- 1] }
    }

    /// Says that one more container would be too deep.
    @inline(never)
    func error(at: Int) -> JSONError {
        JSONError(byteOffset: at, reason: "nested more than \(depthMax) levels deep")
    }
}
