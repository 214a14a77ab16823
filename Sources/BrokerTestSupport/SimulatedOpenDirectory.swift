import SegmentStore
import SystemPackage

/// An open directory of a simulated file system.
final class SimulatedOpenDirectory: StoreDirectory {
    private let fileSystem: SimulatedFileSystem
    private let handle: Int
    private let path: FilePath

    init(_ fileSystem: SimulatedFileSystem, _ handle: Int, _ path: FilePath) {
        self.fileSystem = fileSystem
        self.handle = handle
        self.path = path
    }

    deinit {
        close()
    }

    func flush(_ site: FlushSite) throws(FileError) {
        let call = SimulatedCall(.flushDirectory, path, site: site, needsDescriptor: false)
        try fileSystem.call(call) { machine, _ throws(Errno) in
            try machine.flushDirectory(handle, site)
        }
    }

    func close() {
        fileSystem.withMachine { $0.handles[handle] = nil }
    }
}
