/// A pattern with what its repetitions measured; nothing where the file system refuses O_DIRECT.
///
/// Each figure is the median over the repetitions, so that one disturbed repetition does not carry the row.
struct Row: Sendable {
    let pattern: Pattern
    var repetitions: [Measured] = []

    var medianMilliseconds: Double? {
        median { $0.milliseconds(at: 0.5) }
    }

    /// The lowest and the highest of the repetitions' medians.
    var spread: ClosedRange<Double>? {
        let medians = repetitions.compactMap { $0.milliseconds(at: 0.5) }
        guard let lowest = medians.min(), let highest = medians.max() else { return nil }
        return lowest...highest
    }

    var p99Milliseconds: Double? {
        median { $0.milliseconds(at: 0.99) }
    }

    /// The longest round of all repetitions.
    var longestMilliseconds: Double? {
        repetitions.compactMap { $0.milliseconds(at: 1) }.max()
    }

    var roundsPerSecond: Double? {
        median { $0.roundsPerSecond }
    }

    /// Millions of bytes a second, of what the round is for: bytes written beside the journal are not counted again.
    var megabytesPerSecond: Double? {
        roundsPerSecond.map { $0 * Double(pattern.bytesPerRound) / 1e6 }
    }

    private func median(_ figure: (Measured) -> Double?) -> Double? {
        let figures = repetitions.compactMap(figure).sorted()
        return figures.isEmpty ? nil : figures[figures.count / 2]
    }
}
