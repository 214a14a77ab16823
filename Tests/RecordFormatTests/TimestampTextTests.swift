import Testing

@testable import RecordFormat

/// Timestamps one after another: the same text as of each alone.
@Suite struct TimestampTextTests {
    private func text(_ timestamp: Timestamp, _ timestamps: inout TimestampText) -> String {
        withUnsafeTemporaryAllocation(byteCount: TimestampText.bytesMax, alignment: 1) { room in
            guard let base = room.baseAddress else { return "" }
            let count = timestamps.write(timestamp, to: base)
            return String(decoding: room[..<count], as: UTF8.self)
        }
    }

    @Test func eachIsAsIfItWereAlone() {
        var timestamps = TimestampText()
        var random = SystemRandomNumberGenerator()
        let edges: [Int64] = [
            0, -1, 1, 999, 1000, -999, -1000, -1001, 86_399_999, 86_400_000, 1_795_255_200_120, .min,
            .min + 1, .max,
            Timestamp.rfc3339Range.lowerBound.millisecondsSinceEpoch - 1,
            Timestamp.rfc3339Range.upperBound.millisecondsSinceEpoch + 1,
        ]
        let others = (0..<200).map { _ in
            Int64.random(in: -70_000_000_000_000...300_000_000_000_000, using: &random)
        }
        for milliseconds in edges + others {
            // The next ones are mostly of the same second.
            for step in [Int64(0), 1, 400, 401, -1] {
                let timestamp = Timestamp(millisecondsSinceEpoch: milliseconds &+ step)
                #expect(text(timestamp, &timestamps) == timestamp.rfc3339, "\(milliseconds), \(step)")
            }
        }
    }
}
