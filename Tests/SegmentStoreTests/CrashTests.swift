import BrokerTestSupport
import RecordFormat
import SegmentStore
import Testing

/// A power cut before and after every call of a small workload, and inside recovery: no acknowledged record is lost, no
/// round is there in part, nothing is found that nobody wrote.
///
/// The workload runs once, with the image of the volume kept at every call that changes it; each image is then cut in
/// several ways. What holds after a call holds before the next one, too.
@Suite struct CrashTests {
    @Test func theUndisturbedWorkloadDoesWhatItIsFor() throws {
        let fileSystem = SimulatedFileSystem()
        var history = StoreWorkload(seed: 11, stepCount: 50).run(on: fileSystem)
        #expect(history.failure == nil)
        #expect(history.acknowledgedCount > 30)
        #expect(history.topics.count > 1)
        let sites = Set(fileSystem.calls.compactMap(\.site))
        let expected: Set<FlushSite> = [
            .journalFrame, .journalTailBlocks, .checkpointSlot, .segment, .segmentNames, .manifest, .topicName,
        ]
        #expect(sites.isSuperset(of: expected))
        let again = try StoreWorkload.open(fileSystem.afterProcessDeath(), seed: 1)
        #expect(history.settle(with: again) == [])
    }

    @Test(arguments: [(11, true), (12, false)])
    func aPowerCutAtEveryCallLosesNothing(seed: UInt64, hasDirectIO: Bool) async throws {
        #expect(try await onItsOwnThread { Self.cutAtEveryCall(seed: seed, hasDirectIO: hasDirectIO) } == [])
    }

    @Test func aPowerCutAtEveryCallOfRecoveryLosesNothing() async throws {
        #expect(try await onItsOwnThread { try Self.cutAtEveryCallOfRecovery() } == [])
    }

    @Test(arguments: 1...8)
    func livesOfManyCutsLoseNothing(seed: UInt64) async throws {
        #expect(try await onItsOwnThread { try Self.liveThroughCuts(seed: seed) } == [])
    }

    private static func cutAtEveryCall(seed: UInt64, hasDirectIO: Bool) -> [String] {
        var settings = SimulatedSettings()
        settings.hasDirectIO = hasDirectIO
        let fileSystem = SimulatedFileSystem(SimulatedFileSystem().image, settings)
        fileSystem.startRecording()
        let snapshots = StoreWorkload(seed: seed, stepCount: 50).trace(on: fileSystem)
        var states: Set<UInt64> = []
        var wrongs: [String] = []
        for moment in fileSystem.moments {
            let number = moment.after?.number ?? 0
            let known = snapshots.last { $0.callCount <= number } ?? snapshots[0]
            for (cut, cutSeed) in [(SimulatedPowerCut.drawn, UInt64(number)), (.losesAll, 1)] {
                let survivors = SimulatedFileSystem(moment.image.survivors(seed: cutSeed, cut), settings)
                states.insert(survivors.image.durableDigest)
                wrongs += check(
                    known.history,
                    survivors,
                    "seed \(seed), cut after call \(number), survivors \(cut) \(cutSeed)"
                )
            }
        }
        print("crash states: \(states.count) at \(fileSystem.moments.count) calls")
        if states.count <= fileSystem.moments.count / 2 { wrongs.append("only \(states.count) states were distinct") }
        return wrongs
    }

    private static func cutAtEveryCallOfRecovery() throws -> [String] {
        let fileSystem = SimulatedFileSystem()
        fileSystem.startRecording()
        let snapshots = StoreWorkload(seed: 11, stepCount: 50).trace(on: fileSystem)
        let moments = fileSystem.moments
        var wrongs: [String] = []
        for moment in stride(from: 5, to: moments.count, by: 23).map({ moments[$0] }) {
            let number = moment.after?.number ?? 0
            let known = snapshots.last { $0.callCount <= number } ?? snapshots[0]
            let recovery = SimulatedFileSystem(moment.image.survivors(seed: UInt64(number)))
            recovery.startRecording()
            _ = try StoreWorkload.open(recovery, seed: 11)
            for second in recovery.moments {
                let seed = UInt64(second.after?.number ?? 0)
                let survivors = SimulatedFileSystem(second.image.survivors(seed: seed))
                let why = "cut after call \(number), then after call \(seed) of recovery"
                wrongs += check(known.history, survivors, why)
            }
        }
        return wrongs
    }

    private static func liveThroughCuts(seed: UInt64) throws -> [String] {
        var random = SplitMix64(seed: seed)
        var fileSystem = SimulatedFileSystem()
        var history = StoreHistory()
        var wrongs: [String] = []
        for life in 0..<6 {
            fileSystem.crashAfter(call: 20 + random.below(250))
            history = StoreWorkload(seed: random.next(), stepCount: 40).run(on: fileSystem, after: history)
            if fileSystem.isDown {
                fileSystem = fileSystem.survivors(seed: random.next())
            } else {
                if let failure = history.failure { wrongs.append("seed \(seed), life \(life): \(failure)") }
                let isPowerCut = random.chance(percent: 50)
                fileSystem = isPowerCut ? fileSystem.crash(seed: random.next()) : fileSystem.afterProcessDeath()
            }
            let store = try StoreWorkload.open(fileSystem, seed: seed, clock: StoreClock(history.now))
            wrongs += history.settle(with: store).map { "seed \(seed), life \(life): \($0)" }
            fileSystem = fileSystem.afterProcessDeath()
        }
        return wrongs
    }

    private static func check(_ history: StoreHistory, _ survivors: SimulatedFileSystem, _ why: String) -> [String] {
        var history = history
        do {
            return history.settle(with: try StoreWorkload.open(survivors, seed: 11)).map { "\(why): \($0)" }
        } catch {
            return ["\(why): \(error)"]
        }
    }
}
