/// The few names an envelope knows, and which of them an object has had so far: finds unknown and repeated ones.
///
/// JSON allows a name twice and most readers keep the last; in a produce envelope that would store something other than
/// what the caller may have meant, so the handler asks here and refuses. Make one, then ``reset()`` it for each object:
/// taking a name allocates nothing.
///
///     switch names.take(raw) { case .known(let index): ...; case .repeated: refuse; case .unknown: refuse }
public struct JSONKnownNames: Sendable {
    /// What a name turned out to be.
    public enum Match: Hashable, Sendable {
        /// The name at this index of the list, for the first time.
        case known(Int)
        /// The name at this index of the list, again.
        case repeated(Int)
        /// None of the list.
        case unknown
    }

    /// The names, in the order their indexes count.
    public let names: [StaticString]
    private var taken: UInt64 = 0

    /// Takes up to 64 names; more are a programming error and trap.
    public init(_ names: [StaticString]) {
        precondition(names.count <= 64, "JSONKnownNames has room for 64 names, not \(names.count)")
        self.names = names
    }

    /// Forgets what was taken, for the next object.
    public mutating func reset() { taken = 0 }

    /// Whether the name at `index` has been taken since the last reset.
    public func hasTaken(_ index: Int) -> Bool { taken & (1 << UInt64(index)) != 0 }

    /// Looks a raw name up (the bytes between its quotes, escapes and all) and notes it as taken.
    public mutating func take(_ raw: UnsafeRawBufferPointer) -> Match {
        for index in names.indices where JSONString.equals(raw, names[index]) {
            if hasTaken(index) { return .repeated(index) }
            taken |= 1 << UInt64(index)
            return .known(index)
        }
        return .unknown
    }
}

/// Repeated names in objects of any names, such as a record's headers.
public enum JSONObjectNames {
    /// Where the first name stands that an earlier field of the same valid object already has, or nil when all differ.
    ///
    /// Names are compared by what they stand for, not by how they are escaped. Cost: one small array; beyond 16 fields
    /// a set, so that many fields cost no square.
    public static func firstRepeated(in bytes: UnsafeRawBufferPointer, object: Range<Int>) -> Range<Int>? {
        var names: [Range<Int>] = []
        forEachField(in: bytes, object: object) { name, _ in
            names.append(name)
            return true
        }
        return names.count <= 16 ? firstRepeatedOfFew(bytes, names) : firstRepeatedOfMany(bytes, names)
    }

    private static func firstRepeatedOfFew(_ bytes: UnsafeRawBufferPointer, _ names: [Range<Int>]) -> Range<Int>? {
        for index in names.indices {
            let name = UnsafeRawBufferPointer(rebasing: bytes[names[index]])
            for earlier in names[..<index]
            where JSONString.areSame(name, UnsafeRawBufferPointer(rebasing: bytes[earlier])) {
                return names[index]
            }
        }
        return nil
    }

    private static func firstRepeatedOfMany(_ bytes: UnsafeRawBufferPointer, _ names: [Range<Int>]) -> Range<Int>? {
        var seen = Set<[UInt8]>(minimumCapacity: names.count)
        return names.first { name in
            !seen.insert(JSONString.unescaped(UnsafeRawBufferPointer(rebasing: bytes[name]))).inserted
        }
    }
}
