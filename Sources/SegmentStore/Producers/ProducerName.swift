import NIOCore
public import RecordFormat

/// Who a producer is: the name by which it calls itself, in its principal's and its namespace's room.
///
/// ```
///  0 2+n namespace, 2+n principal, 2+n id      length u16, UTF-8
/// ```
public struct ProducerName: Hashable, Sendable {
    /// The namespace of the topics that it produces to.
    public let namespace: Namespace
    /// The principal whose producer it is.
    public let principal: String
    /// The name that it gave itself.
    public let id: String

    /// Creates a name.
    ///
    /// - Precondition: principal and id have at most `partBytesMax` bytes each.
    public init(namespace: Namespace, principal: String, id: String) {
        precondition(
            principal.utf8.count <= Self.partBytesMax && id.utf8.count <= Self.partBytesMax,
            "a producer's name has parts of \(principal.utf8.count) and \(id.utf8.count) bytes"
        )
        self.namespace = namespace
        self.principal = principal
        self.id = id
    }

    /// The most bytes of a principal, and of an id.
    public static let partBytesMax = 1024

    var encodedBytes: Int { 6 + namespace.value.utf8.count + principal.utf8.count + id.utf8.count }

    func encode(into buffer: inout ByteBuffer) {
        buffer.writeShortString(namespace.value)
        buffer.writeShortString(principal)
        buffer.writeShortString(id)
    }

    init?(decoding buffer: inout ByteBuffer) {
        guard let text = buffer.readShortString(), let namespace = try? Namespace(validating: text),
            let principal = buffer.readShortString(), principal.utf8.count <= Self.partBytesMax,
            let id = buffer.readShortString(), id.utf8.count <= Self.partBytesMax
        else { return nil }
        self.init(namespace: namespace, principal: principal, id: id)
    }
}
