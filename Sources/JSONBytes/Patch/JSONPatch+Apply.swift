extension JSONPatch {
    /// Makes the new document of an old one; where an operation fails there is none.
    ///
    /// Cost: each operation as much as the values that it moves, and the elements behind them.
    /// - Parameter bytesMax: how large the document may become on the way, so that a patch that copies a document into
    ///   itself again and again cannot fill the memory.
    public func apply(to document: JSONTree, bytesMax: Int) throws(JSONPatchError) -> JSONTree {
        var work = Work(document: document, byteCount: document.byteCount)
        for (index, operation) in operations.enumerated() {
            let goesOn: Bool
            do throws(JSONTree.PlaceError) {
                goesOn = try work.carryOut(operation)
            } catch {
                throw JSONPatchError(kind: .notApplicable, operation: index, reason: error.reason)
            }
            guard goesOn else {
                let reason = "the value at the path of test is another one"
                throw JSONPatchError(kind: .testFailed, operation: index, reason: reason)
            }
            guard work.byteCount <= bytesMax else {
                let reason = "the document would be larger than \(bytesMax) bytes"
                throw JSONPatchError(kind: .tooLarge, operation: index, reason: reason)
            }
        }
        return work.document
    }

    /// A document on its way, and about how large it is.
    private struct Work {
        var document: JSONTree
        var byteCount: Int

        /// Carries out one operation; false where a test fails.
        mutating func carryOut(_ operation: Operation) throws(JSONTree.PlaceError) -> Bool {
            switch operation {
            case .add(let path, let value): try add(value, at: path)
            case .remove(let path): _ = try remove(at: path)
            case .replace(let path, let value):
                let old = try document.replace(at: path, with: value)
                byteCount += value.byteCount - old.byteCount
            case .move(let from, let path): try move(from, to: path)
            case .copy(let from, let path):
                guard let value = document.value(at: from) else { throw JSONTree.nothing(from) }
                try add(value, at: path)
            case .test(let path, let value):
                guard let found = document.value(at: path) else { throw JSONTree.nothing(path) }
                return found == value
            }
            return true
        }

        private mutating func add(_ value: JSONTree, at path: JSONPointer) throws(JSONTree.PlaceError) {
            try document.insert(value, at: path)
            byteCount += Self.byteCount(of: value, at: path)
        }

        private mutating func remove(at path: JSONPointer) throws(JSONTree.PlaceError) -> JSONTree {
            let removed = try document.remove(at: path)
            byteCount -= Self.byteCount(of: removed, at: path)
            return removed
        }

        private mutating func move(_ from: JSONPointer, to path: JSONPointer) throws(JSONTree.PlaceError) {
            guard from != path else {
                guard document.value(at: from) != nil else { throw JSONTree.nothing(from) }
                return
            }
            guard !path.tokens.starts(with: from.tokens) else {
                throw JSONTree.PlaceError(reason: "\(from) cannot be moved into itself, to \(path)")
            }
            let value = try remove(at: from)
            try add(value, at: path)
        }

        /// A value's bytes with its name, comma and colon.
        private static func byteCount(of value: JSONTree, at path: JSONPointer) -> Int {
            value.byteCount + (path.tokens.last?.name.count ?? 0) + 4
        }
    }
}
