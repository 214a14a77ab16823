/// The name of a member inside its group, given by the caller at the join (random, or the client's own).
///
/// A member keeps its id for as long as its session lives. An id is never used for a second member.
public struct MemberID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The id as text.
    public let value: String

    /// Wraps a text as a member id.
    public init(_ value: String) {
        self.value = value
    }

    /// Orders ids by their text, so that equal inputs give equal assignments.
    public static func < (left: MemberID, right: MemberID) -> Bool {
        left.value < right.value
    }

    /// The id as text.
    public var description: String { value }
}

/// One connection of the shell, unique while the process runs; events are addressed to it.
public struct ConnectionID: Hashable, Comparable, Sendable {
    /// The number of the connection.
    public let value: UInt64

    /// Wraps a number as a connection id.
    public init(_ value: UInt64) {
        self.value = value
    }

    /// Orders connections by number.
    public static func < (left: ConnectionID, right: ConnectionID) -> Bool {
        left.value < right.value
    }
}

/// One request of the shell, echoed in its reply.
public struct RequestID: Hashable, Sendable {
    /// The number of the request.
    public let value: UInt64

    /// Wraps a number as a request id.
    public init(_ value: UInt64) {
        self.value = value
    }
}
