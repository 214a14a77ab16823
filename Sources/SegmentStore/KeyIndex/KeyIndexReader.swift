import NIOCore
import RecordFormat
import SystemPackage

/// Reads an index of a partition's keys from its file, a page at a time, and verifies every page.
///
/// For one thread at a time; to be closed.
public final class KeyIndexReader {
    /// What the file holds.
    public var facts: KeyIndexFacts { head.facts }
    let head: KeyIndexHead
    private let file: any StoreFile
    private let seed: UInt32

    /// Opens the file and looks at its first page and its size.
    init(_ path: FilePath, owner: [UInt8], fileSystem: any FileSystem) throws(StorageError) {
        let file = try StorageError.wrap { () throws(FileError) in try fileSystem.open(path, .read) }
        do throws(StorageError) {
            let (first, size) = try StorageError.wrap { () throws(FileError) in
                (try file.readBuffer(at: .zero, bytes: KeyIndexFile.headBytes), try file.size())
            }
            head = try KeyIndexHead(decoding: first, directory: owner, path: path)
            seed = KeyIndexFile.checksum(first, seed: 0)
            let expected = UInt64(head.facts.fileBytes)
            guard size.value == expected else {
                let reason = "the file has \(size) bytes, and should have \(expected)"
                throw .corrupt(path: path, position: min(size, FilePosition(expected)), reason: reason)
            }
            self.file = file
        } catch {
            file.close()
            throw error
        }
    }

    /// Closes the file.
    public func close() {
        file.close()
    }

    /// Goes over all keys, in the order in which they were written.
    ///
    /// - Throws: `corrupt` with the place, after those of the pages before; `io`.
    public func forEachKey(_ body: (KeyIndexRow) -> Void) throws(StorageError) {
        try forEachPage(of: facts.keys, from: KeyIndexFile.headBytes, first: 1) { page, count in
            for _ in 0..<count {
                guard
                    let (low, high, latest, created) = page.readMultipleIntegers(
                        as: (UInt64, UInt64, Int64, Int64).self
                    )
                else { return }
                body(
                    KeyIndexRow(
                        hash: KeyIndexHash(low: low, high: high),
                        latest: Offset(latest),
                        created: Timestamp(millisecondsSinceEpoch: created)
                    )
                )
            }
        }
    }

    /// Goes over the distances, from the history's floor on.
    ///
    /// - Throws: as `forEachKey`.
    public func forEachDistance(_ body: (UInt32) -> Void) throws(StorageError) {
        let keys = facts.keys
        let start = KeyIndexFile.headBytes + keys.bytes
        try forEachPage(of: facts.distances, from: start, first: keys.pageCount + 1) { page, count in
            for _ in 0..<count {
                guard let distance = page.readInteger(as: UInt32.self) else { return }
                body(distance)
            }
        }
    }

    private func forEachPage(
        of section: KeyIndexFile.Section,
        from start: Int,
        first number: Int,
        _ body: (inout ByteBuffer, Int) -> Void
    ) throws(StorageError) {
        var place = start
        for index in 0..<section.pageCount {
            let rows = section.rows(in: index)
            let bytes = KeyIndexFile.pageHeadBytes + rows * section.rowBytes
            let position = FilePosition(UInt64(place))
            var page = try StorageError.wrap { () throws(FileError) in try file.readBuffer(at: position, bytes: bytes) }
            guard page.readableBytes == bytes, let stored = page.readInteger(as: UInt32.self),
                KeyIndexFile.checksum(page, seed: seed) == stored, let found = page.readInteger(as: UInt32.self),
                Int(found) == number + index
            else {
                let reason = "page \(number + index) is damaged, or another file's"
                throw .corrupt(path: file.path, position: position, reason: reason)
            }
            body(&page, rows)
            place += bytes
        }
    }

    /// Reads everything, for its checksums.
    func verify() throws(StorageError) {
        try forEachKey { _ in }
        try forEachDistance { _ in }
    }
}
