import RecordFormat
import SystemPackage

extension StoreFile {
    /// The CRC-32C of a file's first bytes, read a mebibyte at a time.
    ///
    /// - Throws: what a read throws; `ioError` where the file ends early.
    func checksum(upTo size: FilePosition) throws(FileError) -> UInt32 {
        let step = 1 << 20
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: step, alignment: 16)
        defer { memory.deallocate() }
        var checksum: UInt32 = 0
        var place: UInt64 = 0
        while place < size.value {
            let wanted = Int(min(UInt64(step), size.value - place))
            let space = UnsafeMutableRawBufferPointer(rebasing: memory[..<wanted])
            guard try read(into: space, at: FilePosition(place)) == wanted else {
                throw FileError(.read, path, .ioError)
            }
            checksum = CRC32C.checksum(UnsafeRawBufferPointer(space), seed: checksum)
            place += UInt64(wanted)
        }
        return checksum
    }
}
