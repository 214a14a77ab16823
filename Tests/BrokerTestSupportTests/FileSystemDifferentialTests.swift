import BrokerTestSupport
import RecordFormat
import SegmentStore
import SystemPackage
import Testing

/// Random calls, made on the simulation and on the operating system: each must answer the same on both.
@Suite struct FileSystemDifferentialTests {
    @Test func bothAnswerTheSame() throws {
        let seed = Seed.chosen()
        var random = SplitMix64(seed: seed)
        for _ in 0..<10 {
            try withTemporaryDirectory { directory in
                var simulated = Side(SimulatedFileSystem(directory: "/data"), "/data")
                var posix = Side(PosixFileSystem(), directory)
                for step in 0..<150 {
                    let call = Call(&random)
                    let (left, right) = (simulated.make(call), posix.make(call))
                    #expect(left == right, "step \(step), \(call), MILLRACE_SEED=\(seed)")
                }
            }
        }
    }

    /// What survives is what was flushed, wherever nothing was written since: asked of a plain array as witness.
    @Test func nothingFlushedIsTouchedByACut() throws {
        let seed = Seed.chosen()
        var random = SplitMix64(seed: seed)
        for round in 0..<6 {
            let fileSystem = SimulatedFileSystem()
            try fileSystem.makeDurable("/data/a", block(of: 1, count: 16 * 4096))
            let file = try fileSystem.open("/data/a", .update)
            let ring = try fileSystem.open("/data/a", .ring)
            var witness = block(of: 1, count: 16 * 4096)
            var unflushed: Set<Int> = []
            for step in 0..<60 {
                let byte = UInt8(2 + step)
                let first = random.below(16)
                switch random.below(10) {
                case 0..<4:
                    let place = first * 4096 + random.below(3000)
                    let count = 1 + random.below(1000)
                    try file.write(block(of: byte, count: count), at: UInt64(place))
                    witness.replaceSubrange(place..<place + count, with: block(of: byte, count: count))
                    unflushed.insert(first)
                case 4..<8:
                    try ring.writeBlocks(of: byte, at: UInt64(first * 4096))
                    witness.replaceSubrange(first * 4096..<(first + 1) * 4096, with: block(of: byte))
                    unflushed.insert(first)
                case 8:
                    try (random.chance(percent: 50) ? file : ring).flush(.segment)
                    unflushed.removeAll()
                default:
                    try file.dropCache()
                }
                let seen = try random.chance(percent: 50) ? file.read(16 * 4096, at: 0) : ring.read(16 * 4096, at: 0)
                #expect(seen == witness, "round \(round), step \(step), MILLRACE_SEED=\(seed)")
                let survivor = try fileSystem.survivors(seed: random.next()).contents(of: "/data/a")
                for index in 0..<16 where !unflushed.contains(index) {
                    let range = index * 4096..<(index + 1) * 4096
                    #expect(survivor[range] == witness[range], "round \(round), step \(step), MILLRACE_SEED=\(seed)")
                }
            }
        }
    }

    /// One call, on names of which there are few, so that they meet.
    private enum Call {
        case open(Int, String, FileOpenMode)
        case close(Int)
        case write(Int, UInt64, [UInt8])
        case read(Int, UInt64, Int)
        case truncate(Int, UInt64)
        case flush(Int)
        case dropCache(Int)
        case size(Int)
        case createDirectory(String)
        case rename(String, String)
        case unlink(String)
        case removeDirectory(String)
        case list(String)
        case kind(String)

        init(_ random: inout SplitMix64) {
            let file = random.below(4)
            let name = Self.name(&random)
            switch random.below(20) {
            case 0...1: self = .open(file, name, .create)
            case 2: self = .open(file, name, [.read, .update][random.below(2)])
            case 3: self = .close(file)
            case 4...6: self = .write(file, UInt64(random.below(20_000)), random.bytes(random.below(9000)))
            case 7...8: self = .read(file, UInt64(random.below(25_000)), random.below(20_000))
            case 9: self = .truncate(file, UInt64(random.below(20_000)))
            case 10: self = .flush(file)
            case 11: self = .dropCache(file)
            case 12: self = .size(file)
            case 13...14: self = .createDirectory(name)
            case 15...16: self = .rename(name, Self.name(&random))
            case 17: self = .unlink(name)
            case 18: self = .removeDirectory(name)
            default: self = random.chance(percent: 50) ? .list(name) : .kind(name)
            }
        }

        private static func name(_ random: inout SplitMix64) -> String {
            ["a", "b", "c", "a/a", "a/b", "b/a", "a/b/a"][random.below(7)]
        }
    }

    /// One of the two, with the files that it has open.
    private struct Side {
        let fileSystem: any FileSystem
        let root: FilePath
        var files: [Int: any StoreFile] = [:]

        init(_ fileSystem: any FileSystem, _ root: FilePath) {
            self.fileSystem = fileSystem
            self.root = root
        }

        /// What a call answers, or the code of its error, as text.
        mutating func make(_ call: Call) -> String {
            do {
                return try answer(call)
            } catch let error as FileError {
                return "\(error.operation) \(error.code.rawValue)"
            } catch {
                return "\(error)"
            }
        }

        private mutating func answer(_ call: Call) throws -> String {
            switch call {
            case .open(let file, let name, let mode):
                // Linux opens a directory for reading; the store never asks for that, and the simulation refuses.
                if mode == .read, try fileSystem.kind(of: root.appending(name)) == .directory { return "directory" }
                files[file] = try fileSystem.open(root.appending(name), mode)
            case .close(let file): files[file]?.close()
            case .write(let file, let position, let bytes): try files[file]?.write(bytes, at: position)
            case .read(let file, let position, let count): return "\(try files[file]?.read(count, at: position) ?? [])"
            case .truncate(let file, let size): try files[file]?.truncate(to: FilePosition(size))
            case .flush(let file): try files[file]?.flush(.segment)
            case .dropCache(let file): try files[file]?.dropCache()
            case .size(let file): return "\(String(describing: try files[file]?.size()))"
            case .createDirectory(let name): try fileSystem.createDirectory(root.appending(name))
            case .rename(let source, let target):
                try fileSystem.rename(root.appending(source), to: root.appending(target))
            case .unlink(let name): try fileSystem.unlink(root.appending(name))
            case .removeDirectory(let name): try fileSystem.removeDirectory(root.appending(name))
            case .list(let name): return "\(try fileSystem.list(root.appending(name)))"
            case .kind(let name): return "\(String(describing: try fileSystem.kind(of: root.appending(name))))"
            }
            return "done"
        }
    }
}
