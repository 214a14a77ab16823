public import RecordFormat
import SegmentStore
public import SystemPackage

/// The image of a volume between two calls, of a recorded run.
public struct SimulatedMoment: Sendable {
    /// The call that had just been made; nil for the moment at which the recording began.
    public let after: SimulatedCall?
    /// What the volume held then; its survivors are the states that a power cut could leave.
    public let image: SimulatedImage
}

extension SimulatedFileSystem {
    /// Every call so far, those that failed included.
    public var calls: [SimulatedCall] { withMachine { $0.calls } }

    /// How many calls there were: the number of the last one.
    public var callCount: Int { withMachine { $0.calls.count } }

    /// What the volume can do.
    public var settings: SimulatedSettings { withMachine { $0.settings } }

    /// How many files are open.
    public var openFileCount: Int { withMachine { $0.handles.count } }

    /// The volume as it is.
    public var image: SimulatedImage { withMachine { $0.image } }

    /// Shows every call to `observe` before it is made, on the caller's thread; nil to end that.
    ///
    /// The call has no number yet. `observe` may ask, but must not call, this file system.
    public func observeCalls(_ observe: (@Sendable (SimulatedCall) -> Void)?) {
        observer.withLock { $0 = observe }
    }

    /// Keeps, from now on, the image at every call that changes it.
    public func startRecording() {
        withMachine { $0.recording = [SimulatedMoment(after: nil, image: $0.image)] }
    }

    /// The moments recorded since `startRecording`.
    public var moments: [SimulatedMoment] { withMachine { $0.recording ?? [] } }

    /// Every file and directory that programs see, in the order of their paths; a directory ends with a slash.
    public var paths: [String] { withMachine { $0.image.paths() } }

    /// What programs see in a file.
    public func contents(of path: FilePath) throws(Errno) -> [UInt8] {
        let file = try file(at: path)
        return file.cached.bytes(size: file.size)
    }

    /// What is in a file on stable storage, if its name is too.
    public func durableContents(of path: FilePath) throws(Errno) -> [UInt8] {
        let file = try file(at: path)
        return file.durable.bytes(size: file.durableSize)
    }

    /// Replaces a file's content in every layer, or makes the file, durably and unseen by the log of calls.
    public func replaceContents(of path: FilePath, with bytes: [UInt8]) throws(Errno) {
        try withMachine { machine throws(Errno) in
            let slot = try machine.image.slot(at: path)
            let inode = machine.image.inode(in: slot) ?? machine.image.newInode()
            guard machine.image.directories[inode] == nil else { throw .isDirectory }
            machine.image.files[inode, default: SimulatedFile()].replace(with: bytes)
            machine.image.directories[slot.directory]?.entries[slot.name] = inode
            machine.image.directories[slot.directory]?.durable[slot.name] = inode
        }
    }

    /// Flips one bit of a file, in every layer.
    public func flipBit(of path: FilePath, at position: FilePosition, bit: Int) throws(Errno) {
        try withMachine { machine throws(Errno) in
            let inode = try machine.image.inode(at: path)
            guard let file = machine.image.files[inode], position.value < file.size else { throw .invalidArgument }
            machine.image.files[inode]?.flipBit(at: position.value, bit: bit)
        }
    }

    private func file(at path: FilePath) throws(Errno) -> SimulatedFile {
        try withMachine { machine throws(Errno) in
            guard let file = try machine.image.files[machine.image.inode(at: path)] else { throw .isDirectory }
            return file
        }
    }
}

extension SimulatedFile {
    /// Flips one bit in every layer, and marks nothing: the medium's own damage.
    mutating func flipBit(at position: UInt64, bit: Int) {
        let (index, place) = Int(position).quotientAndRemainder(dividingBy: SimulatedBlock.size)
        for layer in [\SimulatedFile.cached, \.device, \.durable] {
            let old = self[keyPath: layer][index]
            let flipped = old.bytes[place] ^ (1 << UInt8(bit))
            self[keyPath: layer][index] = old.replacing(from: place, with: [flipped])
        }
    }
}
