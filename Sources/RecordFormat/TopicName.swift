/// The name of a topic within a namespace.
public struct TopicName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The namespace that the name belongs to.
    public let namespace: Namespace
    /// The name itself, without the namespace.
    public let name: String

    /// Checks a name that a user chose by the rule of ``NameError/rule``.
    public init(validating name: String, in namespace: Namespace = .default) throws(NameError) {
        try NameError.check(name)
        self.namespace = namespace
        self.name = name
    }

    /// Checks a name that was stored by this broker, whose own names begin with `__`.
    public init(validatingStored name: String, in namespace: Namespace = .default) throws(NameError) {
        try NameError.checkStored(name)
        self.namespace = namespace
        self.name = name
    }

    /// Names one of the broker's own topics, in the default namespace; a leading `__` is allowed.
    ///
    /// Traps on a wrong name: it is in our own source.
    public init(internal name: String) {
        do {
            try self.init(validatingStored: name)
        } catch {
            preconditionFailure(error.description)
        }
    }

    /// Whether the topic is the broker's own: its name begins with `__`.
    public var isInternal: Bool { name.hasPrefix("__") }

    /// The name alone in the default namespace, elsewhere `namespace/name`.
    public var description: String {
        namespace == .default ? name : "\(namespace.value)/\(name)"
    }

    /// Compares the namespaces, then the names.
    public static func < (left: TopicName, right: TopicName) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}
