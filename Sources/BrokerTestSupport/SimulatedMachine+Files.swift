import RecordFormat
import SegmentStore
import SystemPackage

extension SimulatedMachine {
    func size(_ handle: Int) throws(Errno) -> FilePosition {
        FilePosition(image.files[try open(handle).inode]?.size ?? 0)
    }

    mutating func read(
        _ handle: Int,
        into buffer: UnsafeMutableRawBufferPointer,
        at position: FilePosition
    ) throws(Errno) -> Int {
        let handle = try open(handle)
        let isDirect = handle.mode == .ring
        if isDirect { try checkAlignment(UnsafeRawBufferPointer(buffer), position) }
        return image.files[handle.inode]?.read(into: buffer, at: position.value, isDirect: isDirect) ?? 0
    }

    mutating func write(
        _ handle: Int,
        _ pieces: [UnsafeRawBufferPointer],
        at position: FilePosition,
        _ fault: SimulatedFault?
    ) throws(Errno) {
        let handle = try writable(handle)
        let isDirect = handle.mode == .ring
        var bytes: [UInt8] = []
        for piece in pieces {
            if isDirect { try checkAlignment(piece, position) }
            bytes.append(contentsOf: piece)
        }
        var failure: Errno?
        if case .shortWrite(let written, let code) = fault {
            bytes.removeLast(max(0, bytes.count - written.value))
            failure = code
        }
        if let room = room(for: handle.inode, at: position), room < bytes.count {
            bytes.removeLast(bytes.count - room)
            failure = .noSpace
        }
        image.files[handle.inode]?.write(bytes, at: position, isDirect: isDirect, fault)
        if let failure { throw failure }
    }

    mutating func truncate(_ handle: Int, to size: FilePosition) throws(Errno) {
        let handle = try open(handle)
        // ftruncate(2) alone calls the reader's descriptor an invalid argument.
        guard handle.mode != .read else { throw .invalidArgument }
        image.files[handle.inode]?.truncate(to: size.value)
    }

    /// Blocks that are taken hold zeros, as if they had been written.
    mutating func allocate(_ handle: Int, to size: FilePosition) throws(Errno) {
        let inode = try writable(handle).inode
        let wanted = (Int(size.value) + SimulatedBlock.size - 1) / SimulatedBlock.size
        let missing = wanted - (image.files[inode]?.cached.count ?? 0)
        if let available = availableBlockCount, missing > available { throw .noSpace }
        image.files[inode]?.allocate(to: size.value)
    }

    mutating func startWriteback(_ handle: Int, at position: FilePosition, bytes: ByteCount) throws(Errno) {
        image.files[try open(handle).inode]?.writeBack(position.value, bytes.value)
    }

    mutating func flush(_ handle: Int, _ site: FlushSite, _ fault: SimulatedFault?) throws(Errno) {
        let inode = try open(handle).inode
        if case .failure(let code) = fault { image.files[inode]?.failFlush(code) }
        let (errorCount, lastError) = try toldErrors(handle)
        if let seen = handles[handle]?.seenErrorCount, seen < errorCount {
            handles[handle]?.seenErrorCount = errorCount
            throw lastError
        }
        if !ignoredSites.contains(site), !defers(inode, site) { image.files[inode]?.flush() }
    }

    mutating func dropCache(_ handle: Int) throws(Errno) {
        image.files[try open(handle).inode]?.dropCache()
    }

    private func open(_ handle: Int) throws(Errno) -> Handle {
        guard let handle = handles[handle] else { throw .badFileDescriptor }
        return handle
    }

    private func writable(_ handle: Int) throws(Errno) -> Handle {
        let handle = try open(handle)
        guard handle.mode != .read else { throw .badFileDescriptor }
        return handle
    }

    /// The failed flushes of a file.
    ///
    /// Not the file itself: a copy held while it changes would copy its blocks.
    private func toldErrors(_ handle: Int) throws(Errno) -> (count: Int, last: Errno) {
        guard let file = image.files[try open(handle).inode] else { throw .badFileDescriptor }
        return (file.errorCount, file.lastError)
    }

    /// How many bytes fit from a position on; nil for any number.
    private func room(for inode: Int, at position: FilePosition) -> Int? {
        guard let available = availableBlockCount, let file = image.files[inode] else { return nil }
        return max(0, (file.cached.count + available) * SimulatedBlock.size - Int(position.value))
    }

    private func checkAlignment(_ buffer: UnsafeRawBufferPointer, _ position: FilePosition) throws(Errno) {
        let alignment = settings.directAlignmentBytes
        let isAligned =
            Int(bitPattern: buffer.baseAddress).isMultiple(of: alignment)
            && buffer.count.isMultiple(of: alignment)
            && position.value.isMultiple(of: UInt64(alignment))
        guard isAligned else { throw .invalidArgument }
    }
}

extension SimulatedFile {
    /// A write with whatever goes wrong on its way.
    mutating func write(
        _ bytes: [UInt8],
        at position: FilePosition,
        isDirect: Bool,
        _ fault: SimulatedFault?
    ) {
        switch fault {
        case .lostWrite:
            if !isDirect { loseCached(bytes, at: position.value) }
        case .misdirectedWrite(let distance):
            if !isDirect { loseCached(bytes, at: position.value) }
            land(bytes, at: Int(position.value) + distance.value, isDirect: isDirect)
        default:
            if isDirect {
                writeDirect(bytes, at: position.value)
            } else {
                writeCached(bytes, at: position.value)
            }
        }
    }

    /// A write that went elsewhere: what lies outside the file goes to nobody.
    private mutating func land(_ bytes: [UInt8], at place: Int, isDirect: Bool) {
        guard place >= 0, place < Int(size) else { return }
        let landed = Array(bytes.prefix(Int(size) - place))
        if isDirect { writeDirect(landed, at: UInt64(place)) } else { writeDevice(landed, at: UInt64(place)) }
    }
}
