import RecordFormat
import Synchronization
import SystemPackage

/// Reads a file from its beginning to its end in aligned steps, around the page cache where that can be done, and sums it up.
final class ScrubReader: Sendable {
    private let file: any StoreFile
    private let size: FilePosition
    private let state: Mutex<State>

    private struct State {
        var position = FilePosition.zero
        var checksum: UInt32 = 0
    }

    init(_ path: FilePath, size: FilePosition, fileSystem: any FileSystem) throws(FileError) {
        self.size = size
        state = Mutex(State())
        do throws(FileError) {
            file = try fileSystem.openToStay(path, .ring)
        } catch {
            guard error.code == .invalidArgument else { throw error }
            file = try fileSystem.openToStay(path, .read)
        }
    }

    deinit {
        file.close()
    }

    var isAtEnd: Bool { state.withLock { $0.position >= size } }
    /// Of what was read so far.
    var checksum: UInt32 { state.withLock { $0.checksum } }

    /// Reads the next bytes.
    /// - Throws: also where the file ends before it should.
    func step() throws(FileError) -> ByteCount {
        let start = state.withLock { $0.position }
        let step = Scrub.stepBytesMax.value
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: step, alignment: 4096)
        defer { memory.deallocate() }
        let wanted = min(step, (size - start).value)
        guard wanted > 0 else { return ByteCount(0) }
        guard try file.read(into: memory, at: start) >= wanted else {
            throw FileError(.read, file.path, .ioError)
        }
        let bytes = UnsafeRawBufferPointer(rebasing: memory[..<wanted])
        state.withLock { state in
            state.checksum = CRC32C.checksum(bytes, seed: state.checksum)
            state.position = start.advanced(by: ByteCount(wanted))
        }
        return ByteCount(wanted)
    }
}
