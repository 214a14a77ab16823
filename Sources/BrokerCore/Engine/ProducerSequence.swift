/// A producer's mark on an append: whose it is, and which one of his.
///
/// The sequence counts the producer's requests on a topic, from 0 in each epoch. The same sequence with the same records is
/// stored once, however often it is sent; a higher epoch fences the lower ones.
public struct ProducerSequence: Hashable, Sendable {
    /// Whose producer it is.
    public let principal: Principal
    /// The name that the producer gave itself.
    public let id: String
    /// The producer's epoch, from 0.
    public let epoch: Int16
    /// The number of the request, from 0.
    public let sequence: Int32

    /// The longest id in bytes.
    public static let idBytesMax = 249

    /// Creates a mark.
    public init(principal: Principal, id: String, epoch: Int16, sequence: Int32) {
        self.principal = principal
        self.id = id
        self.epoch = epoch
        self.sequence = sequence
    }
}
