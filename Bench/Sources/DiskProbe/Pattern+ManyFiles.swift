/// How large a segment gets before it begins again, as after a roll and a deletion: 64 of them stay within 1 GiB.
private let segmentBytesMax = 16 << 20

extension Pattern {
    /// Appends to each of many files and flushes each, the work of a round shared among threads.
    ///
    /// One sample is a whole round: from the first write to the return of the last flush.
    static func appendToEach(
        of count: Int,
        bytes: Int,
        threads: Int,
        in scratch: ScratchDirectory,
        until deadline: Deadline
    ) throws -> Measured {
        let segments = try Segments(count: count, in: scratch)
        let crew = Crew(threads: threads) { index, source in
            try segments.append(source.next(bytes), to: index)
            try segments.flush(index)
        }
        defer { crew.dismiss() }
        return try Measured.rounds(until: deadline) {
            try crew.run(items: count)
        } between: {
            try segments.beginAgain(beyond: segmentBytesMax)
        }
    }

    /// A journal's rounds: the bytes into the segments, unflushed; the same amount into the ring; one flush, of the ring.
    ///
    /// Beside it one thread flushes all segments once a second, as a checkpoint does.
    static func writeOverBeside(
        segments count: Int,
        bytes: Int,
        direct: Bool,
        in scratch: ScratchDirectory,
        until deadline: Deadline
    ) throws -> Measured {
        var ring = try Ring(at: scratch.path(of: "ring"), bytes: ringBytes, direct: direct)
        let segments = try Segments(count: count, in: scratch)
        let flusher = Flusher(segments)
        defer { flusher.stop() }
        let source = RandomBytes()
        return try Measured.rounds(until: deadline) {
            for index in 0..<count { try segments.append(source.next(bytes / count), to: index) }
            try ring.write(source.next(bytes))
        } between: {
            try segments.beginAgain(beyond: segmentBytesMax)
            try flusher.check()
        }
    }
}
