import RecordFormat
import SystemPackage

/// Reads the journal at recovery, past the page cache, and tells a torn tail from damage.
struct JournalReader {
    let ring: JournalRing
    private let path: FilePath

    /// Prepares the reading: the ring is flushed, and one that is not read directly forgotten by the page cache.
    ///
    /// Flushed also where it is read directly. A killed process may leave a frame in the device's cache alone. Recovery
    /// rests on it when it writes a block whose flushed bytes only a tail block in the journal could give back: a power cut
    /// then must not take that frame.
    init(_ ring: JournalRing) throws(StorageError) {
        self.ring = ring
        path = ring.file.path
        if PlantedFault.bufferedRead.isPlanted { return }
        try StorageError.wrap { () throws(FileError) in
            try ring.file.flush(.foundRing)
            if !ring.isDirect { try ring.file.dropCache() }
        }
    }

    /// A frame's body, with its place in the file for errors.
    typealias Visit = (UnsafeRawBufferPointer, _ entryCount: Int, FilePosition) throws(StorageError) -> Void

    /// Visits the frames from `start` on, up to the first that is not valid.
    /// - Returns: the LSN of the end.
    func forEachFrame(from start: LSN, _ visit: Visit) throws(StorageError) -> LSN {
        let geometry = ring.geometry
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: geometry.frameBytesMax,
            alignment: geometry.block
        )
        defer { memory.deallocate() }
        var lsn = start
        while lsn.value - start.value < UInt64(geometry.ringBytes) {
            try read(into: UnsafeMutableRawBufferPointer(rebasing: memory[..<geometry.block]), at: lsn)
            guard let header = try header(UnsafeRawBufferPointer(memory), at: lsn), isInPlace(header, lsn) else {
                break
            }
            let total = geometry.roundedUp(FrameHeader.bytes + header.bodyBytes)
            try read(into: UnsafeMutableRawBufferPointer(rebasing: memory[..<total]), at: lsn)
            let body = UnsafeRawBufferPointer(
                rebasing: memory[FrameHeader.bytes..<FrameHeader.bytes + header.bodyBytes]
            )
            guard CRC32C.checksum(body) == header.bodyChecksum else { break }
            try visit(body, header.entryCount, FilePosition(UInt64(geometry.place(of: lsn))))
            lsn = lsn.advanced(by: total)
        }
        return lsn
    }

    /// Refuses the start when the frame at `end` is damaged and not torn.
    ///
    /// A frame is written only after the flush of the one before has returned. So a whole header of a higher LSN proves
    /// that the frame at `end` had been flushed and acknowledged; one of the same LSN elsewhere proves that it was written
    /// to a wrong place.
    func refuseDamage(at end: LSN) throws(StorageError) {
        try refuseWipedRing(at: end)
        let geometry = ring.geometry
        let step = max(geometry.block, (1 << 20) / geometry.block * geometry.block)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: step, alignment: geometry.block)
        defer { memory.deallocate() }
        for start in stride(from: geometry.block, to: geometry.block + geometry.ringBytes, by: step) {
            let count = min(step, geometry.block + geometry.ringBytes - start)
            try fill(UnsafeMutableRawBufferPointer(rebasing: memory[..<count]), at: start)
            for place in stride(from: start, to: start + count, by: geometry.block) {
                let block = UnsafeRawBufferPointer(rebasing: memory[(place - start)..<(place - start + geometry.block)])
                guard case .valid(let header) = FrameHeader.read(block, ring: geometry), proves(header, end),
                    !(header.lsn == end && place == geometry.place(of: end))
                else { continue }
                throw .corrupt(
                    path: path,
                    position: FilePosition(UInt64(geometry.place(of: end))),
                    reason:
                        "the frame of LSN \(end) is damaged, and one of LSN \(header.lsn) at byte \(place) proves that"
                        + " it had been acknowledged"
                )
            }
        }
    }

    /// Refuses a ring that was wiped: more zeros behind the end than a torn frame and an old one can leave.
    ///
    /// No block of a ring is ever zero but inside a frame, or where a frame was torn; a new ring holds a pattern.
    private func refuseWipedRing(at end: LSN) throws(StorageError) {
        let geometry = ring.geometry
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: geometry.block, alignment: geometry.block)
        defer { memory.deallocate() }
        var lsn = end
        while lsn.value - end.value <= UInt64(2 * geometry.frameBytesMax) {
            try read(into: memory, at: lsn)
            guard memory.allSatisfy({ $0 == 0 }) else { return }
            lsn = lsn.advanced(by: geometry.block)
        }
        throw .corrupt(
            path: path,
            position: FilePosition(UInt64(geometry.place(of: end))),
            reason: "nothing but zeros from here on: the journal was wiped, and acknowledged records with it"
        )
    }

    private func isInPlace(_ header: FrameHeader, _ lsn: LSN) -> Bool {
        header.lsn == lsn || PlantedFault.placeUnchecked.isPlanted
    }

    /// Whether a header found anywhere proves that the frame at the end was written whole.
    private func proves(_ header: FrameHeader, _ end: LSN) -> Bool {
        if PlantedFault.laterHeaderIgnored.isPlanted, header.lsn > end { return false }
        if PlantedFault.sameLsnElsewhereIgnored.isPlanted, header.lsn == end { return false }
        return header.lsn >= end
    }

    private func header(_ block: UnsafeRawBufferPointer, at lsn: LSN) throws(StorageError) -> FrameHeader? {
        switch FrameHeader.read(block, ring: ring.geometry) {
        case .valid(let header):
            return header
        case .none:
            return nil
        case .unknownFormat(let format):
            throw .newerFormat(path: path, found: UInt32(format), supported: 1)
        }
    }

    private func read(into memory: UnsafeMutableRawBufferPointer, at lsn: LSN) throws(StorageError) {
        let geometry = ring.geometry
        let first = min(geometry.room(at: lsn), memory.count)
        try fill(UnsafeMutableRawBufferPointer(rebasing: memory[..<first]), at: geometry.place(of: lsn))
        if first < memory.count {
            try fill(UnsafeMutableRawBufferPointer(rebasing: memory[first...]), at: geometry.block)
        }
    }

    /// An I/O error here refuses the start: it is never taken for a torn tail.
    private func fill(_ memory: UnsafeMutableRawBufferPointer, at place: Int) throws(StorageError) {
        let position = FilePosition(UInt64(place))
        let count = try StorageError.wrap { () throws(FileError) in
            do throws(FileError) {
                return try ring.file.read(into: memory, at: position)
            } catch {
                guard PlantedFault.eioTakenForTorn.isPlanted else { throw error }
                memory.initializeMemory(as: UInt8.self, repeating: 0)
                return memory.count
            }
        }
        guard count == memory.count else {
            throw .corrupt(path: path, position: position, reason: "the ring ends early")
        }
    }
}
