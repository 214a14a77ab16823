import RecordFormat
import SystemPackage

/// An empty file, open, for the next segment of a busy partition: a roll takes it and needs no directory.
///
/// It has one name, `spare.log`, until the flusher gives it that of its segment, before a checkpoint covers it. What a
/// crash leaves of it is never needed: the journal holds all that was written to it.
struct SpareFile: Sendable {
    let file: any StoreFile
    /// Held as long as the file is a spare.
    private let place: Place

    /// Makes one in a partition's directory, in place of one that an earlier run left.
    /// - Returns: nil when there are as many as may be.
    init?(creatingIn directory: FilePath, fileSystem: any FileSystem) throws(FileError) {
        guard let place = Place(of: fileSystem as? DescriptorKeeper) else { return nil }
        self.place = place
        file = try fileSystem.openToStay(directory.appending(SegmentName.spare), .create)
    }

    /// One of the descriptors that spares may have; given back with its last holder.
    private final class Place: Sendable {
        private let keeper: DescriptorKeeper?

        init?(of keeper: DescriptorKeeper?) {
            guard keeper?.takeSparePlace() != false else { return nil }
            self.keeper = keeper
        }

        deinit {
            keeper?.giveSparePlaceBack()
        }
    }
}

extension PartitionLog {
    /// Makes a spare file if the active segment is more than half full and there is none.
    ///
    /// The flusher's. Without one a roll makes its file itself, so that failing to make one is no matter.
    func prepareSpare(segmentBytesMax: ByteCount) {
        let isWanted = state.withLock { state in
            state.spare == nil && !state.spareIsTaken && !state.isDeleted && state.active != nil
                && state.position.value > UInt64(segmentBytesMax.value / 2)
        }
        guard isWanted, let spare = try? SpareFile(creatingIn: directory, fileSystem: fileSystem) else { return }
        state.withLock { state in
            if !state.isDeleted { state.spare = spare }
        }
    }

    /// Gives segments that live in a spare file their own names.
    ///
    /// The flusher's, before the names are flushed and a checkpoint covers the segments.
    func nameSegments(_ segments: [Segment]) throws(FileError) {
        for segment in segments where segment.isUnnamed {
            try segment.takeName()
            state.withLock { $0.spareIsTaken = false }
        }
    }

    /// Removes the spare file; at a stop in order.
    func removeSpare() {
        let spare = state.withLock { state in
            defer { state.spare = nil }
            return state.spare
        }
        guard let spare else { return }
        spare.file.close()
        try? fileSystem.unlink(spare.file.path)
    }
}
