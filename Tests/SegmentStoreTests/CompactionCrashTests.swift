import BrokerTestSupport
import RecordFormat
import Testing

@testable import SegmentStore

/// A power cut after every call of compactions, and of the starts after them: the newest values stay, what counts as
/// complete is complete, and no file is left that nobody names.
@Suite struct CompactionCrashTests {
    /// Three runs that look at every third call each, and at all of them together.
    @Test(arguments: [21, 22, 23])
    func aPowerCutAtAnyCallLeavesTheOldOrTheNew(seed: UInt64) async throws {
        let wrongs = try await onItsOwnThread { try Self.cutAtCalls(seed: seed) }
        #expect(wrongs == [])
    }

    @Test func aPowerCutInTheStartAfterACompactionIsHarmless() async throws {
        let wrongs = try await onItsOwnThread { try Self.cutAtEveryCallOfTheStart() }
        #expect(wrongs == [])
    }

    @Test(arguments: [FlushSite.compactedSegment, .compactedVersions, .compactedNames, .generationName, .retiredNames])
    func noFlushIsThereForNothing(site: FlushSite) async throws {
        let found = try await onItsOwnThread { try Self.cutAroundSwitches(seed: 21, without: [site]) }
        #expect(!found.isEmpty, "without \(site) nothing is lost")
    }

    @Test func aroundTheSwitchesNothingIsLostWithAllFlushes() async throws {
        let wrongs = try await onItsOwnThread { try Self.cutAroundSwitches(seed: 21, without: []) }
        #expect(wrongs == [])
    }

    /// Appends and compacts twice, so that there are files of two generations, and cuts the power at a third of the calls.
    private static func cutAtCalls(seed: UInt64) throws -> [String] {
        var (store, moments) = try trace(seed: seed, without: [])
        var wrongs: [String] = []
        for index in stride(from: Int(seed % 3), to: moments.count, by: 3) where wrongs.isEmpty {
            let number = UInt64(moments[index].after?.number ?? 0)
            for cut in [SimulatedPowerCut.drawn, .losesAll] {
                let survivors = SimulatedFileSystem(moments[index].image.survivors(seed: number, cut))
                let why = "seed \(seed), cut after call \(number), survivors \(cut)"
                wrongs += check(survivors, &store, goesOn: index % 5 == 0).map { "\(why): \($0)" }
            }
        }
        return wrongs
    }

    /// Cuts the power when names have changed or were flushed: there a flush that is missing shows.
    private static func cutAroundSwitches(seed: UInt64, without ignored: Set<FlushSite>) throws -> [String] {
        var (store, moments) = try trace(seed: seed, without: ignored)
        var wrongs: [String] = []
        for moment in moments where wrongs.isEmpty {
            guard let call = moment.after, call.kind == .rename || call.site == .manifestName else { continue }
            // Of an image between two flushes of names only one in ten has the new manifest and lacks what it names.
            let draws = call.kind != .rename ? 1 : ignored.isEmpty ? 4 : 24
            for draw in 0..<draws where wrongs.isEmpty {
                let cut = draw == 0 ? SimulatedPowerCut.losesAll : .drawn
                let cutSeed = UInt64(call.number * 8 + draw)
                let survivors = SimulatedFileSystem(moment.image.survivors(seed: cutSeed, cut))
                let why = "cut after call \(call.number), survivors \(cut) \(cutSeed)"
                wrongs += check(survivors, &store, goesOn: false).map { "\(why): \($0)" }
            }
        }
        return wrongs
    }

    private static func cutAtEveryCallOfTheStart() throws -> [String] {
        var (store, moments) = try trace(seed: 24, without: [])
        var wrongs: [String] = []
        for moment in stride(from: 3, to: moments.count, by: 37).map({ moments[$0] }) where wrongs.isEmpty {
            let number = moment.after?.number ?? 0
            let start = SimulatedFileSystem(moment.image.survivors(seed: UInt64(number)))
            start.startRecording()
            _ = try TestStore(start)
            for second in start.moments {
                let secondNumber = second.after?.number ?? 0
                let survivors = SimulatedFileSystem(second.image.survivors(seed: UInt64(secondNumber)))
                let why = "cut after call \(number), then after call \(secondNumber) of the start"
                wrongs += check(survivors, &store, goesOn: false).map { "\(why): \($0)" }
            }
        }
        return wrongs
    }

    /// The moments of two compactions, and the store with the model of all that was appended before them.
    private static func trace(
        seed: UInt64,
        without ignored: Set<FlushSite>
    ) throws -> (CompactedStore, [SimulatedMoment]) {
        var random = SplitMix64(seed: seed)
        var store = try CompactedStore()
        store.test.fileSystem.ignoreFlushes(at: ignored)
        for _ in 0..<10 { try append(to: &store, &random) }
        try store.seal()
        for _ in 0..<5 { try append(to: &store, &random) }
        try store.seal()
        store.policy.mapBytesMax = ByteCount(500)
        store.test.fileSystem.startRecording()
        _ = try store.test.store.compact(TestStore.key, policy: store.policy, now: store.now)
        store.policy.mapBytesMax = .mebibytes(1)
        _ = try store.test.store.compact(TestStore.key, policy: store.policy, now: store.now)
        try store.test.checkpoint()
        let moments = store.test.fileSystem.moments
        return (store, moments)
    }

    private static func append(to store: inout CompactedStore, _ random: inout SplitMix64) throws {
        let records = (0..<1 + random.below(3)).map { _ in
            let value = random.chance(percent: 15) ? nil : String(repeating: "v", count: 40 + random.below(90))
            return (key: Optional("k\(random.below(6))"), value: value)
        }
        try store.append(records)
    }

    /// Starts on what is left and looks at it; compacts it to the end and looks again, if it is to go on.
    private static func check(
        _ survivors: SimulatedFileSystem,
        _ store: inout CompactedStore,
        goesOn: Bool
    ) -> [String] {
        do {
            store.test = try TestStore(survivors)
            var wrongs = try store.model.violations(by: store.log)
            if let damage = try store.log.quarantine { wrongs.append(damage.reason) }
            if goesOn {
                while case .compacted = try store.test.store.compact(
                    TestStore.key,
                    policy: store.policy,
                    now: store.now
                ) {}
                try store.test.store.removeRetiredFiles()
                wrongs += try store.model.violations(by: store.log, allowsUnknown: true).map { "later: \($0)" }
            }
            let strangers = try store.strangers()
            if !strangers.isEmpty { wrongs.append("nobody names \(strangers)") }
            return wrongs
        } catch {
            return ["\(error)"]
        }
    }
}
