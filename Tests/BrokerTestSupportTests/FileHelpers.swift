import Glibc
import RecordFormat
import SegmentStore
import SystemPackage

/// Memory whose address suits direct I/O.
final class AlignedBuffer {
    let bytes: UnsafeMutableRawBufferPointer

    init(_ count: Int, filledWith byte: UInt8 = 0) {
        bytes = .allocate(byteCount: count, alignment: 4096)
        bytes.initializeMemory(as: UInt8.self, repeating: byte)
    }

    deinit {
        bytes.deallocate()
    }
}

extension StoreFile {
    func write(_ bytes: [UInt8], at position: UInt64) throws(FileError) {
        try write([bytes], at: position)
    }

    func write(_ pieces: [[UInt8]], at position: UInt64) throws(FileError) {
        let buffers = pieces.map { piece in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 1)
            copy.copyBytes(from: piece)
            return copy
        }
        defer { for buffer in buffers { buffer.deallocate() } }
        try write(buffers.map { UnsafeRawBufferPointer($0) }, at: FilePosition(position))
    }

    func read(_ count: Int, at position: UInt64) throws(FileError) -> [UInt8] {
        let buffer = AlignedBuffer(count)
        let filled = try read(into: buffer.bytes, at: FilePosition(position))
        return Array(buffer.bytes[..<filled])
    }

    /// Writes whole blocks of one byte, from aligned memory.
    func writeBlocks(of byte: UInt8, count: Int = 1, at position: UInt64) throws(FileError) {
        let buffer = AlignedBuffer(count * 4096, filledWith: byte)
        try write([UnsafeRawBufferPointer(buffer.bytes)], at: FilePosition(position))
    }
}

extension FileSystem {
    /// Makes a file with a content, flushed, its name too.
    func makeDurable(_ path: FilePath, _ bytes: [UInt8]) throws(FileError) {
        let file = try open(path, .create)
        try file.write(bytes, at: 0)
        try file.flush(.segment)
        file.close()
        try flushDirectory(path.removingLastComponent(), .segmentNames)
    }

    /// Removes a directory with all that is in it.
    func removeTree(_ path: FilePath) throws(FileError) {
        for name in try list(path) {
            let child = path.appending(name)
            if try kind(of: child) == .directory { try removeTree(child) } else { try unlink(child) }
        }
        try removeDirectory(path)
    }
}

/// A block full of one byte.
func block(of byte: UInt8, count: Int = 4096) -> [UInt8] {
    [UInt8](repeating: byte, count: count)
}

/// The code of the error that a call throws, nil when it throws none.
func errorCode<Result>(_ call: () throws -> Result) -> Errno? {
    do {
        _ = try call()
        return nil
    } catch let error as FileError {
        return error.code
    } catch {
        return error as? Errno
    }
}

/// A new directory of the operating system, removed when the body is through.
func withTemporaryDirectory<Result>(_ body: (FilePath) throws -> Result) throws -> Result {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(base)/millrace-XXXXXX".utf8CString)
    let name = template.withUnsafeMutableBufferPointer { buffer in
        buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
    }
    guard let name else { throw Errno(rawValue: errno) }
    let path = FilePath(name)
    defer { try? PosixFileSystem().removeTree(path) }
    return try body(path)
}
