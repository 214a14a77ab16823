import RecordFormat
import SegmentStore

/// Lets every call of a workload, and of a start after a cut, fail in every way in turn.
///
/// The store may refuse, fail or go on; what it acknowledged is there afterwards, after a kill and after a power cut, and
/// what it refused is not.
public struct StoreFaultExplorer {
    /// What was come across.
    public private(set) var findings = StoreFindings()
    /// How many faults were tried.
    public private(set) var faultCount = 0
    private let workload: StoreWorkload
    private let isOver: () -> Bool
    private var random: SplitMix64

    /// An explorer of one workload; `isOver` is asked at every fault.
    public init(_ workload: StoreWorkload, isOver: @escaping () -> Bool = { false }) {
        self.workload = workload
        self.isOver = isOver
        random = SplitMix64(seed: workload.seed)
    }

    /// Tries those of all faults whose number leaves `shard` when divided by `shardCount`.
    public mutating func explore(shard: Int = 0, of shardCount: Int = 1) {
        let sound = StoreLife(workload, on: StoreExplorer.volume(for: workload), after: StoreHistory())
        for fault in Self.faults(in: sound.recording.calls, shard, shardCount) where !isOver() { fail(fault) }
        for count in stride(from: 20, to: sound.recording.calls.count, by: 97) where !isOver() {
            failStart(sound, cutAt: count, shard, shardCount)
        }
    }

    private static func faults(in calls: [SimulatedCall], _ shard: Int, _ shardCount: Int) -> [StoreFault] {
        let all = calls.flatMap { call in
            StoreFault.Kind.allCases.filter { $0.fits(call) }.map { StoreFault(call: call.number, kind: $0) }
        }
        return stride(from: shard, to: all.count, by: shardCount).map { all[$0] }
    }

    private mutating func fail(_ fault: StoreFault) {
        faultCount += 1
        let fileSystem = StoreExplorer.volume(for: workload)
        fault.plan(on: fileSystem)
        let life = StoreLife(workload, on: fileSystem, after: StoreHistory())
        let count = life.recording.calls.count
        for draw in [StoreDraw.kill, .none, .drawn(random.next() >> 32)] {
            check(
                draw.survivors(of: life.recording.image(after: count)),
                fileSystem.settings,
                life.history(at: count),
                StoreTrail([.life(workload, fault, calls: count, draw)])
            )
        }
    }

    /// A start that meets a fault either fails, and the next one is right, or is right itself.
    private mutating func failStart(_ life: StoreLife, cutAt count: Int, _ shard: Int, _ shardCount: Int) {
        let draw = StoreDraw.drawn(random.next() >> 32)
        let image = draw.survivors(of: life.recording.image(after: count))
        let settings = StoreExplorer.volume(for: workload).settings
        let trail = StoreTrail([.life(workload, calls: count, draw)])
        let sound = SimulatedFileSystem(image, settings)
        _ = try? StoreWorkload.open(sound, seed: workload.seed)
        for fault in Self.faults(in: sound.calls, shard, shardCount) where !isOver() {
            faultCount += 1
            let fileSystem = SimulatedFileSystem(image, settings)
            fault.plan(on: fileSystem)
            var history = life.history(at: count)
            if let store = try? StoreWorkload.open(fileSystem, seed: workload.seed) {
                let flaws = Self.withoutQuarantine(history.settle(with: store))
                findings.note(flaws, at: trail.adding(.start(fault, calls: fileSystem.callCount, .kill)))
            }
            let again = random.chance(percent: 50) ? StoreDraw.kill : .drawn(random.next() >> 32)
            let step = StoreTrail.Step.start(fault, calls: fileSystem.callCount, again)
            check(again.survivors(of: fileSystem.image), settings, history, trail.adding(step))
        }
    }

    private mutating func check(
        _ image: SimulatedImage,
        _ settings: SimulatedSettings,
        _ known: StoreHistory,
        _ trail: StoreTrail
    ) {
        findings.recoveredCount += 1
        var history = known
        let fileSystem = SimulatedFileSystem(image, settings)
        let flaws = StoreReplay.settleAndRetry(&history, fileSystem, openSeed: workload.seed)
        findings.note(Self.withoutQuarantine(flaws), at: trail)
    }

    /// What is wrong, without what is a right answer to a device that fails.
    ///
    /// A partition whose files could not be written at a start is set aside, its records saved beside it; a producer whose
    /// requests could not be read is refused.
    private static func withoutQuarantine(_ flaws: [StoreFlaw]) -> [StoreFlaw] {
        flaws.filter { flaw in
            switch flaw.kind {
            case .unreadablePartition: !flaw.text.contains("quarantined")
            case .wrongRetry: !flaw.text.contains("stateLost") && !flaw.text.contains("quarantined")
            default: true
            }
        }
    }
}
