/// Who makes a request.
///
/// Everybody is anonymous until security arrives; every handler takes it already.
public struct Principal: Hashable, Sendable, CustomStringConvertible {
    /// The name that permissions and sessions are bound to.
    public let name: String

    /// Creates a principal.
    public init(name: String) {
        self.name = name
    }

    /// The principal of a request without credentials.
    public static let anonymous = Principal(name: "anonymous")

    /// The name.
    public var description: String { name }
}
