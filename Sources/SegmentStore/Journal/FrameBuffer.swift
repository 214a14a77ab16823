import NIOCore
import RecordFormat
import SystemPackage

/// The one aligned buffer in which a frame is built.
///
/// The segments are written from the same memory: a batch is copied once, patched there, and goes to both files.
///
/// Owned by the journal thread; nothing else sees it.
final class FrameBuffer {
    private let memory: UnsafeMutableRawBufferPointer
    private let ring: RingGeometry
    private var end = FrameHeader.bytes
    private(set) var entryCount = 0

    init(ring: RingGeometry) {
        self.ring = ring
        memory = .allocate(byteCount: ring.frameBytesMax, alignment: ring.block)
    }

    deinit {
        memory.deallocate()
    }

    /// The most bytes that the entries of a frame may take.
    var bodyBytesMax: Int { memory.count - FrameHeader.bytes }
    /// The bytes that the frame will take in the ring.
    var frameBytes: Int { ring.roundedUp(end) }
    /// What still fits.
    var room: Int { memory.count - end }

    func reset() {
        end = FrameHeader.bytes
        entryCount = 0
    }

    /// Adds a batch, stamped with its offset and epoch.
    /// - Returns: the stamped batch, in memory that stays until `reset`.
    func append(_ batch: RecordBatch, at place: FrameEntry.Place, epoch: LeaderEpoch) -> UnsafeRawBufferPointer {
        let target = grow(place, isTailBlock: false, byteCount: batch.encodedBytes.value)
        batch.bytes.withUnsafeReadableBytes { target.copyMemory(from: $0) }
        BatchHeader.patch(target, baseOffset: place.offset, leaderEpoch: epoch)
        return UnsafeRawBufferPointer(target)
    }

    /// Adds the flushed bytes of a segment's last block, which `fill` provides.
    func appendTailBlock(
        at place: FrameEntry.Place,
        byteCount: Int,
        fill: (UnsafeMutableRawBufferPointer) throws(FileError) -> Void
    ) throws(FileError) {
        let before = end
        do throws(FileError) {
            try fill(grow(place, isTailBlock: true, byteCount: byteCount))
        } catch {
            end = before
            entryCount -= 1
            throw error
        }
    }

    private func grow(
        _ place: FrameEntry.Place,
        isTailBlock: Bool,
        byteCount: Int
    ) -> UnsafeMutableRawBufferPointer {
        let start = end + FrameEntry.headBytes + FrameEntry.placeBytes
        precondition(start + byteCount <= memory.count, "\(byteCount) bytes do not fit a frame's rest of \(room)")
        FrameEntry.writeHeads(
            to: UnsafeMutableRawBufferPointer(rebasing: memory[end...]),
            place,
            isTailBlock: isTailBlock,
            byteCount: byteCount
        )
        end = start + byteCount
        entryCount += 1
        return UnsafeMutableRawBufferPointer(rebasing: memory[start..<end])
    }

    func appendTopicDeletion(_ id: TopicID) {
        FrameEntry.writeTopicDeletion(to: UnsafeMutableRawBufferPointer(rebasing: memory[end...]), id)
        end += FrameEntry.headBytes + FrameEntry.topicIDBytes
        entryCount += 1
    }

    func appendPrefixDeletion(_ deletion: PrefixDeletion) {
        FrameEntry.writePrefixDeletion(to: UnsafeMutableRawBufferPointer(rebasing: memory[end...]), deletion)
        end += FrameEntry.headBytes + FrameEntry.prefixBytes
        entryCount += 1
    }

    /// Adds the registration of a producer's name.
    func append(registrationOf name: ProducerName, as number: Int64) {
        var encoded = ByteBuffer()
        name.encode(into: &encoded)
        FrameEntry.writeRegistration(to: UnsafeMutableRawBufferPointer(rebasing: memory[end...]), number, encoded)
        end += Self.entryBytes(registrationOf: name)
        entryCount += 1
    }

    /// What a registration takes of a frame.
    static func entryBytes(registrationOf name: ProducerName) -> Int {
        FrameEntry.headBytes + FrameEntry.numberBytes + name.encodedBytes
    }

    /// Writes the header and the padding.
    /// - Returns: the whole frame, whole blocks long, aligned.
    func seal(at lsn: LSN) -> UnsafeRawBufferPointer {
        let body = UnsafeRawBufferPointer(rebasing: memory[FrameHeader.bytes..<end])
        FrameHeader(
            lsn: lsn,
            bodyBytes: body.count,
            entryCount: entryCount,
            bodyChecksum: CRC32C.checksum(body)
        ).write(to: memory, ring: ring)
        memory[end..<frameBytes].initializeMemory(as: UInt8.self, repeating: 0)
        return UnsafeRawBufferPointer(rebasing: memory[0..<frameBytes])
    }

    /// What a batch takes of a frame at most, with room for the tail block of its partition: so the tail blocks of a
    /// round always fit one frame.
    static func entryBytes(_ batch: RecordBatch) -> Int {
        FrameEntry.headBytes + FrameEntry.placeBytes + RingGeometry.blockMin + batch.encodedBytes.value
    }
}
