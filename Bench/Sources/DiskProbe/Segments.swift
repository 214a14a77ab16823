import Synchronization

/// The growing files of many partitions, written by one thread at a time and flushed by any.
final class Segments: Sendable {
    /// One partition's file.
    private final class Segment: Sendable {
        let file: File
        let end = Atomic(0)

        init(at path: String) throws {
            file = try File(creating: path)
        }
    }

    private let segments: [Segment]

    var count: Int { segments.count }

    init(count: Int, in scratch: ScratchDirectory) throws {
        segments = try (0..<count).map { try Segment(at: scratch.path(of: "segment-\($0)")) }
    }

    func append(_ bytes: UnsafeRawBufferPointer, to index: Int) throws {
        let segment = segments[index]
        let position = segment.end.load(ordering: .relaxed)
        try segment.file.write(bytes, at: position)
        segment.end.store(position + bytes.count, ordering: .relaxed)
    }

    func flush(_ index: Int) throws {
        try segments[index].file.flushData()
    }

    /// Empties the files that are larger than `bytesMax`, so that a long run stays within the disk.
    func beginAgain(beyond bytesMax: Int) throws {
        for segment in segments where segment.end.load(ordering: .relaxed) > bytesMax {
            try segment.file.cut(to: 0)
            segment.end.store(0, ordering: .relaxed)
        }
    }
}
