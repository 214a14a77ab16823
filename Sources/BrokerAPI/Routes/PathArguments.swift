import RecordFormat

/// The parameters of a path that matched, percent-decoded once, not yet checked.
struct PathArguments: Sendable {
    /// The namespace that the path names, or the principal's own.
    let namespace: Namespace
    /// The decoded texts, by the names in the pattern.
    private let values: [(name: Substring, text: String)]

    /// Decodes what stands at a pattern's parameters in a path that has its shape.
    init(namespace: Namespace, pattern: [RoutePattern.Segment], path: [Substring]) throws(Problem) {
        self.namespace = namespace
        var values: [(name: Substring, text: String)] = []
        for (segment, text) in zip(pattern, path) {
            guard case .parameter(let name) = segment else { continue }
            guard let decoded = PercentDecoding.decode(text, plusIsSpace: false) else {
                throw Problem.invalidRequest("the {\(name)} in the path is not percent-encoded UTF-8")
            }
            values.append((name, decoded))
        }
        self.values = values
    }

    /// The topic that the path names.
    func topic() throws(Problem) -> TopicName {
        do {
            return try TopicName(validating: text("topic"), in: namespace)
        } catch {
            throw Problem(error, of: "topic")
        }
    }

    /// The topic of the collection that the path names.
    func collection() throws(Problem) -> TopicName {
        do {
            return try TopicName(validating: text("collection"), in: namespace)
        } catch {
            throw Problem(error, of: "collection")
        }
    }

    /// The resource of the Kubernetes facade that the path names; whether there is such a one its handler tells.
    func resource() -> String { text("collection") }

    /// The topic behind the resource and the namespace that a path of the Kubernetes facade names.
    func kubernetesTopic() throws(Problem) -> TopicName {
        do {
            let namespace = try Namespace(validating: text("namespace"))
            return try TopicName(validating: text("collection"), in: namespace)
        } catch {
            throw Problem(error, of: "resource")
        }
    }

    /// The namespace that a path of the Kubernetes facade names; whether there is such a one its handler tells.
    func namespaceName() -> String { text("namespace") }

    /// The key of the item that the path names.
    func key() -> String { text("key") }

    /// The group that the path names.
    func group() throws(Problem) -> GroupName {
        do {
            return try GroupName(validating: text("group"), in: namespace)
        } catch {
            throw Problem(error, of: "group")
        }
    }

    /// The member that the path names; whether there is such a one its session tells.
    func member() -> String { text("member") }

    /// The partition that the path names.
    func partition() throws(Problem) -> PartitionIndex {
        let raw = text("partition")
        guard raw.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int32(raw) else {
            throw Problem.invalidRequest("a partition is a number from 0, not \"\(Problem.shown(raw))\"")
        }
        return PartitionIndex(number)
    }

    private func text(_ name: Substring) -> String {
        // A route asks only for parameters of its own pattern; the table's test resolves every route.
        guard let value = values.first(where: { $0.name == name }) else {
            preconditionFailure("no {\(name)} in this route's pattern")
        }
        return value.text
    }
}
