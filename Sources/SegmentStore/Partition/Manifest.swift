import NIOCore
import RecordFormat
import SystemPackage

/// A partition's sealed segments, all of them flushed, in order and without holes.
///
/// Replaced as a whole, and only by the flusher.
///
/// ```
///  0  8  log start offset
///  8  4  number of segments, then a SealedSegment each
/// ```
struct Manifest: Hashable, Sendable {
    var logStart = Offset.zero
    var sealed: [SealedSegment] = []

    /// Where the active segment begins; nil while nothing is sealed.
    var end: Offset? { sealed.last?.end }

    static let fileName = "manifest"

    func encoded(directory: [UInt8]) -> ByteBuffer {
        var body = ByteBuffer()
        body.writeInteger(logStart.value)
        body.writeInteger(UInt32(sealed.count))
        for segment in sealed { segment.encode(into: &body) }
        return SealedFile.encode(.manifest, directory: directory, body: body)
    }

    init() {}

    init(decoding file: ByteBuffer, directory: [UInt8], path: FilePath) throws(StorageError) {
        var body = try SealedFile.decode(.manifest, file, directory: directory, path: path).body
        func damaged(_ reason: String) -> StorageError { .corrupt(path: path, position: .zero, reason: reason) }
        guard let start = body.readInteger(as: Int64.self), let count = body.readInteger(as: UInt32.self) else {
            throw damaged("the body is too short")
        }
        logStart = Offset(start)
        for _ in 0..<count {
            guard let segment = SealedSegment(decoding: &body) else { throw damaged("a segment's row is damaged") }
            if let end, segment.base != end {
                throw damaged("segment \(segment.base) does not begin where the one before ends, at \(end)")
            }
            sealed.append(segment)
        }
    }
}
