import BrokerTestSupport
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// A power cut at every call while segments are let go and prefixes deleted: the log begins where somebody was told, or
/// where the work under way would have put it; nothing else is missing, and no file stays without a name.
@Suite struct RetentionCrashTests {
    /// What was known when so many calls had been made.
    private struct Known {
        let callCount: Int
        /// Where the log begins at least.
        let start: Int64
        /// Where the work under way may have put it.
        let startMax: Int64
        /// How many records were acknowledged.
        let end: Int
        /// And how many there may be.
        let endMax: Int
    }

    @Test(arguments: 1...4)
    func aPowerCutAtEveryCallLosesNothingElse(seed: UInt64) async throws {
        #expect(try await onItsOwnThread { try Self.cutAtEveryCall(seed: seed) } == [])
    }

    @Test(arguments: [FlushSite.manifest, .manifestName])
    func aMissingFlushIsNoticed(site: FlushSite) async throws {
        #expect(
            try await onItsOwnThread { try (1...4).flatMap { try Self.cutAtEveryCall(seed: $0, ignoring: [site]) } }
                != []
        )
    }

    private static func cutAtEveryCall(seed: UInt64, ignoring sites: Set<FlushSite> = []) throws -> [String] {
        let test = try RetentionStore()
        test.fileSystem.ignoreFlushes(at: sites)
        test.fileSystem.startRecording()
        let known = try live(test, seed: seed)
        var wrongs: [String] = []
        for moment in test.fileSystem.moments {
            let number = moment.after?.number ?? 0
            let then = known.last { $0.callCount <= number } ?? known[0]
            for (cut, cutSeed) in [(SimulatedPowerCut.drawn, UInt64(number)), (.losesAll, 1)] {
                let survivors = SimulatedFileSystem(moment.image.survivors(seed: cutSeed, cut))
                let why = "seed \(seed), cut after call \(number) \(cut)"
                do {
                    wrongs += try check(RetentionStore(survivors, wall: test.wall), then).map { "\(why): \($0)" }
                } catch {
                    wrongs.append("\(why): \(error)")
                }
            }
        }
        return wrongs
    }

    /// Appends, checkpoints, retention and deletions in the order that the seed decides.
    private static func live(_ test: RetentionStore, seed: UInt64) throws -> [Known] {
        var random = SplitMix64(seed: seed)
        var (start, end) = (Int64(0), 0)
        var known: [Known] = []
        func note(startMax: Int64? = nil, endMax: Int? = nil) {
            known.append(
                Known(
                    callCount: test.fileSystem.callCount,
                    start: start,
                    startMax: startMax ?? start,
                    end: end,
                    endMax: endMax ?? end
                )
            )
        }
        note()
        for _ in 0..<70 {
            switch random.below(100) {
            case ..<60:
                note(endMax: end + 1)
                try test.append(RetentionStore.value(end))
                end += 1
            case ..<75:
                if let checkpoint = test.store.captureCheckpoint() { try test.store.complete(checkpoint) }
            case ..<85:
                _ = test.store.rollIfDue(RetentionStore.key, RetentionPolicy())
                note(startMax: Int64(end))
                _ = try test.store.retain(RetentionStore.key, RetentionPolicy(bytes: ByteCount(800)))
                start = try test.log().watermarks.logStart.offset.value
            case ..<95:
                let before = start + Int64(random.below(4))
                guard before <= Int64(end) else { continue }
                note(startMax: before)
                #expect(try test.deletePrefix(before: before).isCommitted)
                start = max(start, before)
            default:
                try test.store.removeRetiredFiles()
            }
            note()
        }
        return known
    }

    private static func check(_ after: RetentionStore, _ known: Known) throws -> [String] {
        var wrongs: [String] = []
        if let quarantine = try after.log().quarantine { return ["it is set aside: \(quarantine.reason)"] }
        let (start, values) = try after.content()
        if start < known.start || start > known.startMax {
            wrongs.append("it begins at \(start), not in \(known.start)...\(known.startMax)")
        }
        let end = Int(start) + values.count
        if end < known.end || end > known.endMax {
            wrongs.append("it ends at \(end), not in \(known.end)...\(known.endMax)")
        }
        let expected = (Int(start)..<end).map { RetentionStore.value($0) }
        if values != expected { wrongs.append("it holds \(values), not \(expected)") }
        // What was under way is finished by the next look; then exactly the listed files are there.
        try after.checkpoint()
        _ = try after.store.retain(RetentionStore.key, RetentionPolicy())
        try after.store.removeRetiredFiles()
        let listed = try after.log().state.withLock { state in
            (state.sealed.map(\.segment.base.value) + (state.active.map { [$0.base.value] } ?? [])).sorted()
        }
        if after.files != listed { wrongs.append("there are files \(after.files), and the log is \(listed)") }
        return wrongs
    }
}
