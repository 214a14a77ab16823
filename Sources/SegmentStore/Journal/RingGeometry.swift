import NIOCore
import RecordFormat
import SystemPackage

/// The fixed facts of a journal ring, kept in the first block of its file.
///
/// ```
///  0 16  ring id          random; every frame carries it, and no client can know it
/// 16  4  block            bytes; every frame begins and ends on a block; at least what direct I/O needed where it was made
/// 20  8  ring bytes       the space for frames, which follows the first block; one more block follows it
/// 28  8  frame bytes max  no frame is longer, header and padding included
/// ```
struct RingGeometry: Hashable, Sendable {
    let id: [UInt8]
    let block: Int
    let ringBytes: Int
    let frameBytesMax: Int

    static let blockMin = 4096

    /// Where in the file the byte at an LSN lies.
    func place(of lsn: LSN) -> Int {
        block + Int(lsn.value % UInt64(ringBytes))
    }

    /// How many bytes may be written at an LSN before the ring wraps.
    func room(at lsn: LSN) -> Int {
        ringBytes - Int(lsn.value % UInt64(ringBytes))
    }

    /// The block behind the ring, on which a start tries whether direct writes work.
    var probePlace: Int { block + ringBytes }
    /// The size of the ring's file.
    var fileBytes: Int { probePlace + block }

    func roundedUp(_ bytes: Int) -> Int {
        (bytes + block - 1) / block * block
    }

    func encoded(directory: [UInt8]) -> ByteBuffer {
        var body = ByteBuffer()
        body.writeBytes(id)
        body.writeMultipleIntegers(UInt32(block), UInt64(ringBytes), UInt64(frameBytesMax))
        return SealedFile.encode(.ring, directory: directory, body: body)
    }

    init(id: [UInt8], block: Int, ringBytes: Int, frameBytesMax: Int) {
        precondition(ringBytes % block == 0 && frameBytesMax % block == 0, "ring and frame are whole blocks")
        self.id = id
        self.block = block
        self.ringBytes = ringBytes
        self.frameBytesMax = frameBytesMax
    }

    init(decoding file: ByteBuffer, directory: [UInt8], path: FilePath) throws(StorageError) {
        var body = try SealedFile.decode(.ring, file, directory: directory, path: path).body
        guard let id = body.readBytes(length: 16),
            let (block, ring, frame) = body.readMultipleIntegers(as: (UInt32, UInt64, UInt64).self),
            block >= Self.blockMin, block <= 1 << 20, ring < 1 << 40, frame <= ring, ring % UInt64(block) == 0,
            frame % UInt64(block) == 0
        else { throw .corrupt(path: path, position: .zero, reason: "the ring's sizes make no sense") }
        self.init(id: id, block: Int(block), ringBytes: Int(ring), frameBytesMax: Int(frame))
    }
}
