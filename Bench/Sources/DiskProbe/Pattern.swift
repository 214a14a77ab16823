/// One way of writing and flushing, with the name its row has in the table.
struct Pattern: Sendable {
    let name: String
    let bytesPerRound: Int
    let isDirect: Bool
    let run: @Sendable (ScratchDirectory, Deadline) throws -> Measured

    /// Every pattern, in the order of the table.
    static func all(files: Int) -> [Pattern] {
        flushedAlone + manyFiles(files) + journalBesideSegments(files) + sequential
    }

    private static let block = 4 << 10
    private static let frame = 64 << 10
    private static let mebibyte = 1 << 20

    private static var flushedAlone: [Pattern] {
        [
            Pattern(name: "1 growing file, 4 KiB + fdatasync", bytesPerRound: block, isDirect: false) {
                try appendEach(bytes: block, in: $0, until: $1)
            },
            Pattern(name: "1 pre-written file, 4 KiB + fdatasync", bytesPerRound: block, isDirect: false) {
                try writeOver(bytes: block, direct: false, in: $0, until: $1)
            },
            Pattern(name: "the same with O_DIRECT", bytesPerRound: block, isDirect: true) {
                try writeOver(bytes: block, direct: true, in: $0, until: $1)
            },
        ]
    }

    private static func manyFiles(_ count: Int) -> [Pattern] {
        [8, 16].map { threads in
            let name = "\(count) growing files, 4 KiB + fdatasync each, \(threads) threads"
            return Pattern(name: name, bytesPerRound: count * block, isDirect: false) {
                try appendToEach(of: count, bytes: block, threads: threads, in: $0, until: $1)
            }
        }
    }

    private static func journalBesideSegments(_ count: Int) -> [Pattern] {
        let beside = "1 pre-written file, 64 KiB + fdatasync, \(count) segments beside"
        return [
            Pattern(name: "1 pre-written file, 64 KiB + fdatasync, O_DIRECT", bytesPerRound: frame, isDirect: true) {
                try writeOver(bytes: frame, direct: true, in: $0, until: $1)
            },
            Pattern(name: beside, bytesPerRound: frame, isDirect: false) {
                try writeOverBeside(segments: count, bytes: frame, direct: false, in: $0, until: $1)
            },
            Pattern(name: beside + ", O_DIRECT", bytesPerRound: frame, isDirect: true) {
                try writeOverBeside(segments: count, bytes: frame, direct: true, in: $0, until: $1)
            },
        ]
    }

    private static var sequential: [Pattern] {
        [
            Pattern(name: "1 growing file, 1 MiB + fdatasync", bytesPerRound: mebibyte, isDirect: false) {
                try appendEach(bytes: mebibyte, in: $0, until: $1)
            },
            Pattern(name: "1 pre-written file, 1 MiB + fdatasync, O_DIRECT", bytesPerRound: mebibyte, isDirect: true) {
                try writeOver(bytes: mebibyte, direct: true, in: $0, until: $1)
            },
            Pattern(
                name: "1 growing file, 1 MiB writes, one flush at the end",
                bytesPerRound: mebibyte,
                isDirect: false
            ) {
                try appendThenFlush(bytes: mebibyte, in: $0, until: $1)
            },
        ]
    }
}
