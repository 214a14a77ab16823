import SystemPackage

/// All that a simulated volume holds at one moment, in its caches and on stable storage.
///
/// A value: a copy costs next to nothing, and shares every block with the original until one of them is written.
public struct SimulatedImage: Sendable {
    static let root = 0

    var files: [Int: SimulatedFile] = [:]
    var directories: [Int: SimulatedDirectory] = [root: SimulatedDirectory()]
    /// Changes of names that are not durable, in the order in which they were made.
    var nameChanges: [SimulatedNameChange] = []
    private var nextInode = 1

    /// A volume with one empty directory and those above it, all durable.
    init(directory: FilePath) {
        var parent = Self.root
        for component in directory.components {
            let inode = newInode()
            directories[inode] = SimulatedDirectory()
            directories[parent]?.entries[component.string] = inode
            directories[parent]?.durable[component.string] = inode
            parent = inode
        }
    }

    mutating func newInode() -> Int {
        defer { nextInode += 1 }
        return nextInode
    }

    /// The image that a machine finds when it starts again after a power cut now.
    /// - Parameter seed: Decides, for `.drawn`, what survives. The same image and seed give the same survivors.
    public func survivors(seed: UInt64, _ cut: SimulatedPowerCut = .drawn) -> SimulatedImage {
        var random = SplitMix64(seed: seed)
        var image = self
        image.cutPowerOfNames(cut, &random)
        image.dropUnreachable()
        for inode in image.files.keys.sorted() where image.files[inode]?.isSettled == false {
            image.files[inode]?.cutPower(cut, &random)
        }
        return image
    }

    /// A stable hash of what stable storage holds: the same in every process, different for different states.
    public var durableDigest: UInt64 {
        var digest = SimulatedDigest()
        addDurable(Self.root, to: &digest)
        return digest.value
    }

    /// A stable hash of all that the volume holds, in its caches too: the state that a killed process leaves.
    public var digest: UInt64 {
        var digest = SimulatedDigest()
        digest.add(durableDigest)
        for (inode, file) in files.sorted(by: { $0.key < $1.key }) where !file.isSettled {
            digest.add(UInt64(inode))
            digest.add(file.size)
            for index in 0..<file.cached.count { digest.add(file.cached[index].digest) }
            for index in 0..<file.device.count { digest.add(file.device[index].digest) }
        }
        for change in nameChanges {
            for (slot, inode) in change.writes {
                digest.add(UInt64(slot.directory))
                digest.add(slot.name)
                digest.add(UInt64(inode ?? 0))
            }
        }
        return digest.value
    }

    /// The inode at a path.
    func inode(at path: FilePath) throws(Errno) -> Int {
        var inode = Self.root
        for name in Self.names(path) { inode = try entry(name, of: inode) }
        return inode
    }

    private func entry(_ name: Substring, of inode: Int) throws(Errno) -> Int {
        guard let directory = directories[inode] else { throw .notDirectory }
        guard let next = directory.entries[String(name)] else { throw .noSuchFileOrDirectory }
        return next
    }

    /// The names of a path, with dots resolved.
    ///
    /// By its text: in a debug build `FilePath` checks itself at every step,
    /// which would take most of an exploration's time.
    private static func names(_ path: FilePath) -> [Substring] {
        var names: [Substring] = []
        names.reserveCapacity(8)
        let text = path.string
        // By its bytes: characters would take most of an exploration's time.
        for bytes in text.utf8.split(separator: UInt8(ascii: "/")) {
            switch Substring(bytes) {
            case ".": continue
            case "..": _ = names.popLast()
            case let name: names.append(name)
            }
        }
        return names
    }

    /// The place of a path's last name.
    func slot(at path: FilePath) throws(Errno) -> SimulatedSlot {
        let names = Self.names(path)
        guard let name = names.last else { throw .invalidArgument }
        var directory = Self.root
        for parent in names.dropLast() { directory = try entry(parent, of: directory) }
        guard directories[directory] != nil else { throw .notDirectory }
        return SimulatedSlot(directory: directory, name: String(name))
    }

    /// What a slot stands for.
    func inode(in slot: SimulatedSlot) -> Int? {
        directories[slot.directory]?.entries[slot.name]
    }

    /// Every file and directory that programs see, in the order of their paths; directories end with a slash.
    func paths() -> [String] {
        var paths: [String] = []
        addPaths(of: Self.root, prefix: "/", to: &paths)
        return paths
    }

    /// The blocks that all files with a name take.
    func usedBlockCount() -> Int {
        var count = 0
        for inode in reachable(\.entries) { count += files[inode]?.cached.count ?? 0 }
        return count
    }

    private func addPaths(of directory: Int, prefix: String, to paths: inout [String]) {
        for (name, inode) in (directories[directory]?.entries ?? [:]).sorted(by: { $0.key < $1.key }) {
            if directories[inode] == nil {
                paths.append(prefix + name)
            } else {
                paths.append(prefix + name + "/")
                addPaths(of: inode, prefix: prefix + name + "/", to: &paths)
            }
        }
    }

    private func addDurable(_ inode: Int, to digest: inout SimulatedDigest) {
        if let file = files[inode] {
            digest.add(file.durableSize)
            for index in 0..<file.durable.count { digest.add(file.durable[index].digest) }
        }
        for (name, inode) in (directories[inode]?.durable ?? [:]).sorted(by: { $0.key < $1.key }) {
            digest.add(name)
            addDurable(inode, to: &digest)
        }
        digest.add(0)
    }

    /// Inodes without a name are gone when the machine starts again.
    private mutating func dropUnreachable() {
        let reachable = reachable(\.durable)
        if reachable.count == files.count + directories.count { return }
        files = files.filter { reachable.contains($0.key) }
        directories = directories.filter { reachable.contains($0.key) }
    }

    private func reachable(_ names: KeyPath<SimulatedDirectory, [String: Int]>) -> Set<Int> {
        var reachable: Set<Int> = [Self.root]
        var open = [Self.root]
        while let inode = open.popLast() {
            for next in (directories[inode]?[keyPath: names] ?? [:]).values where reachable.insert(next).inserted {
                if directories[next] != nil { open.append(next) }
            }
        }
        return reachable
    }
}
