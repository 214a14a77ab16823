extension JSONTree {
    /// The document that a JSON Merge Patch (RFC 7396) makes of this one: fields are merged, `null` takes one away, and
    /// anything but an object takes the place of what was there.
    public func merging(_ patch: JSONTree) -> JSONTree {
        var merged = self
        merged.merge(patch)
        return merged
    }

    private mutating func merge(_ patch: JSONTree) {
        guard case .object(let changes) = patch else { return self = patch }
        var fields = JSONObject()
        if case .object(let own) = self { fields = own }
        self = .null
        for change in changes {
            if change.value.kind == .null {
                fields[change.name] = nil
            } else if fields.change(change.name, { $0.merge(change.value) }) == nil {
                var value = JSONTree.null
                value.merge(change.value)
                fields.set(change.rawName, value)
            }
        }
        self = .object(fields)
    }
}
