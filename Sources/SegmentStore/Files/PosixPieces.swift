import Glibc

/// How far a gathered write has come: what pwritev(2) is still to be given.
struct PosixPieces {
    private let pieces: [UnsafeRawBufferPointer]
    private var index = 0
    private var writtenOfPiece = 0

    /// Begins at the first byte of the first piece.
    init(_ pieces: [UnsafeRawBufferPointer]) {
        self.pieces = pieces
        skipFinished()
    }

    /// Whether every byte is written.
    var isDone: Bool { index == pieces.count }

    /// The vectors of the next call, at most `countMax`, none of them empty.
    func vectors(countMax: Int) -> [iovec] {
        var vectors: [iovec] = []
        var skipped = writtenOfPiece
        for piece in pieces[index...] where !piece.isEmpty {
            if vectors.count == countMax { break }
            let rest = UnsafeRawBufferPointer(rebasing: piece[skipped...])
            skipped = 0
            // pwritev only reads; its C type has one kind of vector for both directions.
            vectors.append(
                iovec(iov_base: UnsafeMutableRawPointer(mutating: rest.baseAddress), iov_len: rest.count)
            )
        }
        return vectors
    }

    /// Notes that a call wrote `count` bytes, which may end inside a piece.
    mutating func advance(by count: Int) {
        writtenOfPiece += count
        skipFinished()
    }

    private mutating func skipFinished() {
        while index < pieces.count, writtenOfPiece >= pieces[index].count {
            writtenOfPiece -= pieces[index].count
            index += 1
        }
    }
}
