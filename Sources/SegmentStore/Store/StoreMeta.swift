import NIOCore
import SystemPackage

/// What `millrace.meta` says of a data directory: written last when it is created, and never again.
///
/// ```
///  0 16  cluster id
/// 16  4  node id
/// 20 32  secret key, with which surfaces sign what they hand out
/// 52  4  number of coordinator shards
/// ```
/// The directory's own id stands in the envelope (`SealedFile`).
public struct StoreMeta: Hashable, Sendable {
    /// The id that every file of this directory carries; 16 bytes.
    public let directoryID: [UInt8]
    /// The cluster's id; 16 bytes.
    public let clusterID: [UInt8]
    /// This broker's number in its cluster.
    public let nodeID: Int32
    /// A secret of 32 bytes.
    public let secretKey: [UInt8]
    /// How many coordinator shards share the groups.
    public let coordinatorShards: Int

    func encoded() -> ByteBuffer {
        var body = ByteBuffer()
        body.writeBytes(clusterID)
        body.writeInteger(nodeID)
        body.writeBytes(secretKey)
        body.writeInteger(Int32(coordinatorShards))
        return SealedFile.encode(.meta, directory: directoryID, body: body)
    }

    init(directoryID: [UInt8], clusterID: [UInt8], nodeID: Int32, secretKey: [UInt8], coordinatorShards: Int) {
        self.directoryID = directoryID
        self.clusterID = clusterID
        self.nodeID = nodeID
        self.secretKey = secretKey
        self.coordinatorShards = coordinatorShards
    }

    init(decoding file: ByteBuffer, path: FilePath) throws(StorageError) {
        var (body, directory) = try SealedFile.decode(.meta, file, directory: nil, path: path)
        guard let cluster = body.readBytes(length: 16), let node = body.readInteger(as: Int32.self),
            let secret = body.readBytes(length: 32), let shards = body.readInteger(as: Int32.self), shards > 0
        else { throw .corrupt(path: path, position: .zero, reason: "the body is too short") }
        self.init(
            directoryID: directory,
            clusterID: cluster,
            nodeID: node,
            secretKey: secret,
            coordinatorShards: Int(shards)
        )
    }
}
