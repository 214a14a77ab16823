/// A patch that is malformed, or that does not apply to its document.
public struct JSONPatchError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    public enum Kind: Hashable, Sendable {
        /// The patch itself is wrong.
        case malformed
        /// The patch has more operations than are allowed.
        case tooManyOperations
        /// A place that an operation needs is not there.
        case notApplicable
        /// A `test` found another value.
        case testFailed
        /// The document would become larger than is allowed.
        case tooLarge
    }

    /// What kind of fault it is.
    public let kind: Kind
    /// Which operation, counted from 0; nil when it is the patch as a whole.
    public let operation: Int?
    /// What is wrong, in plain words.
    public let reason: String

    /// Place and reason in one line.
    public var description: String { operation.map { "operation \($0): \(reason)" } ?? reason }
}
