/// A tenant's room for names; `default` until tenants exist.
public struct Namespace: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The name of the namespace.
    public let value: String

    /// Checks the name by the rule of ``NameError/rule``.
    public init(validating value: String) throws(NameError) {
        try NameError.check(value)
        self.value = value
    }

    private init(unchecked value: String) {
        self.value = value
    }

    /// The namespace of whoever has not been given another.
    public static let `default` = Namespace(unchecked: "default")

    /// The name of the namespace.
    public var description: String { value }

    /// Compares the names.
    public static func < (left: Namespace, right: Namespace) -> Bool {
        left.value < right.value
    }
}
