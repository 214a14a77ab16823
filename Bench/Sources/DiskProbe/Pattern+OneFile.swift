/// How large a file gets before it begins again: no pattern may fill the disk.
private let growingBytesMax = 512 << 20

/// How much is written before the one flush of the sequential pattern.
private let sequentialBytesMax = 1 << 30

/// The size of the pre-written file: the broker's own default for its journal.
let ringBytes = 128 << 20

extension Pattern {
    /// Appends to a growing file and flushes after each append.
    static func appendEach(bytes: Int, in scratch: ScratchDirectory, until deadline: Deadline) throws -> Measured {
        let file = try File(creating: scratch.path(of: "growing"))
        let source = RandomBytes()
        var end = 0
        return try Measured.rounds(until: deadline) {
            try file.write(source.next(bytes), at: end)
            try file.flushData()
            end += bytes
        } between: {
            guard end >= growingBytesMax else { return }
            try file.cut(to: 0)
            end = 0
        }
    }

    /// Writes over a file whose every block was really written before, and flushes after each write.
    static func writeOver(
        bytes: Int,
        direct: Bool,
        in scratch: ScratchDirectory,
        until deadline: Deadline
    ) throws -> Measured {
        var ring = try Ring(at: scratch.path(of: "ring"), bytes: ringBytes, direct: direct)
        let source = RandomBytes()
        return try Measured.rounds(until: deadline) {
            try ring.write(source.next(bytes))
        }
    }

    /// Appends without a flush until the time is over, then flushes once: what the disk takes in a row.
    static func appendThenFlush(bytes: Int, in scratch: ScratchDirectory, until deadline: Deadline) throws -> Measured {
        let file = try File(creating: scratch.path(of: "sequential"))
        let source = RandomBytes()
        var end = 0
        let deadline = deadline.startingNow()
        let start = ContinuousClock.now
        while !deadline.isOver, end < sequentialBytesMax {
            try file.write(source.next(bytes), at: end)
            end += bytes
        }
        try file.flush()
        return Measured(nanoseconds: [], rounds: end / bytes, elapsed: ContinuousClock.now - start)
    }
}
