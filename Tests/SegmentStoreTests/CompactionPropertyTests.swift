import BrokerTestSupport
import RecordFormat
import Testing

@testable import SegmentStore

/// Random lives of a compacted partition against the naive model.
@Suite struct CompactionPropertyTests {
    @Test(arguments: 1...6)
    func aRandomLifeIsAsTheModelSays(seed: UInt64) async throws {
        let wrongs = try await onItsOwnThread { try Self.live(seed: seed) }
        #expect(wrongs == [])
    }

    private static func live(seed: UInt64) throws -> [String] {
        var random = SplitMix64(seed: seed)
        var store = try CompactedStore()
        if seed % 3 == 0 { store.policy.keyHash = { UInt64($0.first ?? 0) % 2 } }
        var compactions = 0
        var wrongs: [String] = []
        for step in 0..<90 where wrongs.isEmpty {
            switch random.below(100) {
            case ..<70:
                try append(to: &store, &random)
            case ..<82:
                try store.test.checkpoint()
            case ..<96:
                store.policy.mapBytesMax = ByteCount([256, 300, 600, 1 << 20][random.below(4)])
                store.now = store.now.advanced(byMilliseconds: Int64(random.below(800)))
                if case .compacted(let report) = try store.compact() {
                    compactions += 1
                    if report.mapBytes > max(store.policy.mapBytesMax, ByteCount(256)) {
                        wrongs.append("the map took \(report.mapBytes)")
                    }
                }
            default:
                store.test = try store.test.killed()
            }
            wrongs += try store.model.differences(from: store.log).map { "seed \(seed), step \(step): \($0)" }
        }
        let strangers = try store.strangers()
        if !strangers.isEmpty { wrongs.append("seed \(seed): nobody names \(strangers)") }
        if compactions < 2 { wrongs.append("seed \(seed): only \(compactions) compactions") }
        return wrongs
    }

    private static func append(to store: inout CompactedStore, _ random: inout SplitMix64) throws {
        let records = (0..<1 + random.below(4)).map { _ in
            let key = random.chance(percent: 3) ? nil : "k\(random.below(14))"
            let value = String(repeating: "v", count: random.below(90))
            return (key: key, value: key != nil && random.chance(percent: 20) ? nil : "\(random.below(1000))\(value)")
        }
        try store.append(records, codec: random.chance(percent: 20) ? .gzip : .none)
    }
}
