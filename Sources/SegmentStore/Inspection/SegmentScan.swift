import NIOCore
import RecordFormat
import SystemPackage

/// Reads a segment's file from its beginning to its end, whatever it holds: whole batches, and between them what is damaged.
///
/// Behind damage it goes on where the damaged batch's length says that the next one begins, and else at the next bytes that
/// are a whole batch with its checksum and an offset that may follow.
struct SegmentScan {
    /// What stands at a place.
    enum Piece {
        /// A whole batch, every record of it checked.
        case batch(RecordBatch, at: FilePosition)
        /// Bytes that are no batch, and the offsets that are missing with them.
        case damage(bytes: Range<UInt64>, lost: Range<Offset>, reason: String)
    }

    private let file: any StoreFile
    private let path: FilePath
    private let end: Offset
    private let isSparse: Bool
    private let inflatedBytesMax: ByteCount
    /// The bytes that the segment should have.
    private let size: UInt64
    /// The bytes that there are of them.
    private let limit: UInt64
    private var position: UInt64 = 0
    private var expected: Offset
    private var isFinished = false
    private var window = ByteBuffer()
    private var windowStart: UInt64 = 0

    private static let windowBytes = 1 << 20

    init(_ facts: SegmentFacts, file: any StoreFile) throws(StorageError) {
        self.file = file
        path = facts.path
        end = facts.end
        isSparse = facts.generation > 0
        inflatedBytesMax = Limits().inflatedBatchBytesMax
        size = UInt64(facts.size.value)
        let actual = try StorageError.wrap { () throws(FileError) in try file.size() }
        limit = min(size, actual.value)
        expected = facts.base
    }

    /// The next piece; nil at the end.
    mutating func next() throws(StorageError) -> Piece? {
        guard position < limit else { return finish() }
        do throws(Unreadable) {
            let batch = try batch(at: position, mayFollow: expected)
            defer {
                position += UInt64(batch.encodedBytes.value)
                expected = batch.nextOffset
            }
            return .batch(batch, at: FilePosition(position))
        } catch {
            switch error {
            case .storage(let failure): throw failure
            case .damage(let reason): return try damage(reason)
            }
        }
    }

    private mutating func finish() -> Piece? {
        guard !isFinished else { return nil }
        isFinished = true
        if limit < size {
            return .damage(bytes: limit..<size, lost: expected..<end, reason: "the file ends here")
        }
        guard expected < end, !isSparse else { return nil }
        return .damage(bytes: limit..<limit, lost: expected..<end, reason: "records are missing at the end")
    }

    private enum Unreadable: Error {
        case damage(String)
        case storage(StorageError)
    }

    /// The batch at a place, after every check.
    private mutating func batch(at place: UInt64, mayFollow expected: Offset) throws(Unreadable) -> RecordBatch {
        do {
            let prefix = try bytes(at: place, count: BatchHeader.prefixSize)
            let length = prefix.withUnsafeReadableBytes { RecordBatch.length(inPrefix: $0) }
            guard let length, UInt64(length) <= limit - place else {
                throw Unreadable.damage("a batch's length makes no sense")
            }
            let whole = try bytes(at: place, count: length)
            let batch = try RecordBatch(verifying: whole)
            try batch.verifyRecords(inflatedBytesMax: inflatedBytesMax)
            let fits = isSparse ? batch.baseOffset >= expected : batch.baseOffset == expected
            guard fits, batch.nextOffset <= end else {
                throw Unreadable.damage("a batch of offset \(batch.baseOffset) stands where \(expected) belongs")
            }
            return batch
        } catch let error as Unreadable {
            throw error
        } catch let error as FormatError {
            throw .damage(error.description)
        } catch let error as StorageError {
            throw .storage(error)
        } catch {
            throw .damage("\(error)")
        }
    }

    /// Steps over what is damaged.
    private mutating func damage(_ reason: String) throws(StorageError) -> Piece {
        let start = position
        let before = expected
        let found = try nextBatch(after: start)
        position = found?.place ?? limit
        expected = found?.base ?? end
        if found == nil { isFinished = limit == size }
        return .damage(bytes: start..<position, lost: before..<expected, reason: reason)
    }

    /// The next place behind damage where a whole batch begins.
    private mutating func nextBatch(after start: UInt64) throws(StorageError) -> (place: UInt64, base: Offset)? {
        let prefix = try bytes(at: start, count: BatchHeader.prefixSize)
        if let length = prefix.withUnsafeReadableBytes({ RecordBatch.length(inPrefix: $0) }),
            let base = try candidate(at: start + UInt64(length))
        {
            return (start + UInt64(length), base)
        }
        var place = start + 1
        while place + UInt64(BatchHeader.size) <= limit {
            let chunk = try bytes(at: place, count: Int(min(UInt64(Self.windowBytes), limit - place)))
            for step in plausibleStarts(in: chunk) {
                if let base = try candidate(at: place + UInt64(step)) { return (place + UInt64(step), base) }
            }
            place += UInt64(chunk.readableBytes - BatchHeader.size + 1)
        }
        return nil
    }

    /// Places in a chunk whose version and offset could be those of a batch.
    private func plausibleStarts(in chunk: ByteBuffer) -> [Int] {
        chunk.withUnsafeReadableBytes { bytes in
            guard bytes.count >= BatchHeader.size else { return [] }
            return (0...bytes.count - BatchHeader.size).filter { start in
                guard bytes[start + BatchHeader.magicAt] == BatchHeader.magicValue else { return false }
                let base = Offset(bytes.fetch(start, as: Int64.self))
                return base > expected && base < end
            }
        }
    }

    private mutating func candidate(at place: UInt64) throws(StorageError) -> Offset? {
        guard place + UInt64(BatchHeader.size) <= limit else { return nil }
        let head = try bytes(at: place, count: BatchHeader.size)
        let base = head.withUnsafeReadableBytes(BatchHeader.baseOffset)
        guard base > expected, base < end else { return nil }
        do throws(Unreadable) {
            return try batch(at: place, mayFollow: base).baseOffset
        } catch {
            guard case .storage(let failure) = error else { return nil }
            throw failure
        }
    }

    /// Bytes of the file, fewer where what there is of the segment ends.
    private mutating func bytes(at place: UInt64, count: Int) throws(StorageError) -> ByteBuffer {
        let wanted = Int(min(UInt64(count), limit - place))
        let holds = place >= windowStart && place + UInt64(wanted) <= windowStart + UInt64(window.readableBytes)
        if !holds {
            let read = Int(min(UInt64(max(wanted, Self.windowBytes)), limit - place))
            let file = file
            window = try StorageError.wrap { () throws(FileError) in
                try file.readBuffer(at: FilePosition(place), bytes: read)
            }
            windowStart = place
        }
        let start = window.readerIndex + Int(place - windowStart)
        return window.getSlice(at: start, length: min(wanted, window.writerIndex - start)) ?? ByteBuffer()
    }
}
