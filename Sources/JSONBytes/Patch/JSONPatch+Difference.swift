extension JSONPatch {
    /// A patch that makes `new` of `old`; empty where they are equal.
    ///
    /// It changes fields and elements one by one and moves nothing: it is not always the shortest. An array that grew or
    /// shrank at one place is told so; one that changed at many is told element by element.
    public init(from old: JSONTree, to new: JSONTree, at pointer: JSONPointer = .whole) {
        var difference = Difference()
        difference.compare(old, new, pointer)
        self.init(difference.operations)
    }

    private struct Difference {
        var operations: [Operation] = []

        mutating func compare(_ old: JSONTree, _ new: JSONTree, _ pointer: JSONPointer) {
            switch (old, new) {
            case (.object(let old), .object(let new)):
                guard let changes = changes(old, new, pointer) else {
                    return operations.append(.replace(pointer, .object(new)))
                }
                operations += changes
            case (.array(let old), .array(let new)): compare(old, new, pointer)
            default: if old != new { operations.append(.replace(pointer, new)) }
            }
        }

        /// The changes of an object; nil where one of them is at a name that no pointer can spell.
        private func changes(_ old: JSONObject, _ new: JSONObject, _ pointer: JSONPointer) -> [Operation]? {
            var inner = Difference()
            for field in old where new[field.name] == nil {
                guard let place = pointer.appending(field.name) else { return nil }
                inner.operations.append(.remove(place))
            }
            for field in new {
                let before = old[field.name]
                if let before, before == field.value { continue }
                guard let place = pointer.appending(field.name) else { return nil }
                if let before {
                    inner.compare(before, field.value, place)
                } else {
                    inner.operations.append(.add(place, field.value))
                }
            }
            return inner.operations
        }

        /// Leaves what is equal at both ends, and goes through what is between.
        private mutating func compare(_ old: [JSONTree], _ new: [JSONTree], _ pointer: JSONPointer) {
            let shorter = min(old.count, new.count)
            let first = zip(old, new).prefix { $0 == $1 }.underestimatedCount
            let last = zip(old.dropFirst(first).reversed(), new.dropFirst(first).reversed()).prefix { $0 == $1 }
                .underestimatedCount
            let both = first..<(shorter - last)
            for index in both { compare(old[index], new[index], pointer.appending(index)) }
            // From behind, so that places before them stay what they are.
            for index in (both.upperBound..<(old.count - last)).reversed() {
                operations.append(.remove(pointer.appending(index)))
            }
            for index in both.upperBound..<(new.count - last) {
                operations.append(.add(pointer.appending(index), new[index]))
            }
        }
    }
}
