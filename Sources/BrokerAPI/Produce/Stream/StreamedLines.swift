import NIOCore
import RecordFormat

/// Cuts a body that comes in pieces into lines, and reads whole ones into groups.
///
/// It holds what was not read yet: the part of a line, or lines for which a group had no room.
struct StreamedLines: Sendable {
    private var reader: LineReader
    private let bounds: LineGroupBounds
    private let lineBytesMax: ByteCount
    /// What came and was not read.
    private var rest = ByteBuffer()
    /// How many bytes of it are known to be without a line break.
    private var searched = 0
    /// How many lines were read.
    private(set) var lineCount = 0
    /// What they took.
    private var readBytes = 0

    /// Nothing has come.
    init(_ reader: LineReader, _ bounds: LineGroupBounds, lineBytesMax: ByteCount) {
        self.reader = reader
        self.bounds = bounds
        self.lineBytesMax = lineBytesMax
    }

    /// Takes a piece of the body.
    mutating func append(_ bytes: ByteBuffer) {
        if rest.readableBytes == 0 { rest = bytes } else { rest.writeImmutableBuffer(bytes) }
    }

    /// Reads whole lines until the group takes no more, or none is left.
    ///
    /// - Parameter isLast: whether the body is over, so that what is left is a line too.
    /// - Returns: whether all of them were read.
    /// - Throws: what is wrong with a line; those before it are in the group.
    mutating func read(into group: inout LineGroup, isLast: Bool) throws(Problem) -> Bool {
        while let bytes = nextLine(isLast: isLast) {
            guard group.takes(lineBytes: bytes, bounds) else { return false }
            try read(bytes, into: &group)
        }
        guard rest.readableBytes <= lineBytesMax.value else { throw tooLarge }
        trim()
        return true
    }

    /// The length of the next line with its break; nil when it has not come whole.
    private mutating func nextLine(isLast: Bool) -> Int? {
        let end = rest.readableBytesView.dropFirst(searched).firstIndex(of: UInt8(ascii: "\n"))
        if let end { return end - rest.readerIndex + 1 }
        searched = rest.readableBytes
        return isLast && rest.readableBytes > 0 ? rest.readableBytes : nil
    }

    private mutating func read(_ bytes: Int, into group: inout LineGroup) throws(Problem) {
        guard bytes <= lineBytesMax.value else { throw tooLarge }
        let place = RecordPlace.streamedLine(lineCount + 1, bodyOffset: readBytes)
        try group.take(bytes: bytes) { (intake) throws(Problem) in
            try rest.withUnsafeMutableReadableBytes { (all) throws(Problem) in
                let hasBreak = all[bytes - 1] == UInt8(ascii: "\n")
                try reader.read(all, 0..<(hasBreak ? bytes - 1 : bytes), into: &intake, place)
            }
        }
        rest.moveReaderIndex(forwardBy: bytes)
        searched = 0
        lineCount += 1
        readBytes += bytes
    }

    private var tooLarge: Problem {
        .lineTooLarge(lineCount + 1, bodyOffset: readBytes, max: lineBytesMax)
    }

    /// Lets go of the memory of what was read: a stream may wait for long with the beginning of a line.
    private mutating func trim() {
        guard rest.storageCapacity > 2 * rest.readableBytes + 1024 || rest.readableBytes == 0 else { return }
        var kept = ByteBuffer()
        kept.writeImmutableBuffer(rest)
        rest = kept
    }
}
