import RecordFormat
import SegmentStore

/// Comes to one state again by its trail, and tells what is wrong there.
public struct StoreReplay {
    private let mutation: StoreMutation
    private var fileSystem: SimulatedFileSystem
    private let openSeed: UInt64
    private var history = StoreHistory()
    private var flaws: [StoreFlaw] = []

    /// The flaws at the end of a trail; of the way there, too, if it does not get to its end.
    public static func flaws(at trail: StoreTrail, _ mutation: StoreMutation) -> [StoreFlaw] {
        guard case .life(let workload, _, _, _) = trail.steps.first else {
            return [StoreFlaw(.failedWorkload, "a trail begins with a life")]
        }
        var replay = StoreReplay(workload, mutation)
        for step in trail.steps where replay.flaws.isEmpty { replay.take(step) }
        guard replay.flaws.isEmpty else { return replay.flaws }
        let (store, flaws) = settle(&replay.history, replay.fileSystem, openSeed: replay.openSeed)
        guard let store else { return flaws }
        let alarms = StoreVerification.alarms(in: replay.fileSystem.image)
        return alarms.isEmpty ? replay.history.retryRequests(at: store) : alarms
    }

    private init(_ workload: StoreWorkload, _ mutation: StoreMutation) {
        self.mutation = mutation
        fileSystem = StoreExplorer.volume(for: workload)
        openSeed = workload.seed
        mutation.apply(to: fileSystem)
    }

    private mutating func take(_ step: StoreTrail.Step) {
        switch step {
        case .life(let workload, let fault, let calls, let draw):
            fault?.plan(on: fileSystem)
            let life = StoreLife(workload, on: fileSystem, after: history)
            if let failure = life.failure, fault == nil { flaws.append(StoreFlaw(.failedWorkload, failure)) }
            history = life.history(at: calls)
            restart(from: life.recording.image(after: calls), draw)
        case .start(let fault, let calls, let draw):
            fault?.plan(on: fileSystem)
            fileSystem.startRecording()
            _ = try? StoreWorkload.open(fileSystem, seed: openSeed, clock: StoreClock(history.now))
            restart(from: StoreRecording(of: fileSystem).image(after: calls), draw)
        case .ready(let draw):
            flaws += Self.settle(&history, fileSystem, openSeed: openSeed).flaws
            restart(from: fileSystem.image, draw)
        }
    }

    private mutating func restart(from image: SimulatedImage, _ draw: StoreDraw) {
        fileSystem = SimulatedFileSystem(draw.survivors(of: image), fileSystem.settings)
        mutation.apply(to: fileSystem)
    }

    /// Opens a store where a cut left it, and compares it with what is known.
    /// - Returns: the store, if there are no flaws.
    static func settle(
        _ history: inout StoreHistory,
        _ fileSystem: SimulatedFileSystem,
        openSeed: UInt64
    ) -> (store: LogStore?, flaws: [StoreFlaw]) {
        var kept: [StoreFlaw] = []
        do throws(StorageError) {
            let clock = StoreClock(history.now)
            let store = try StoreWorkload.open(fileSystem, seed: openSeed, clock: clock) { line in
                if line.hasSuffix("was left alone") { kept.append(StoreFlaw(.keptFile, line)) }
            }
            let flaws = history.settle(with: store) + kept
            return (flaws.isEmpty ? store : nil, flaws)
        } catch {
            return (nil, [StoreFlaw(.refusedStart, "\(error)")])
        }
    }

    /// The same, and then its producers send again what they sent before; that writes, so it comes last.
    static func settleAndRetry(
        _ history: inout StoreHistory,
        _ fileSystem: SimulatedFileSystem,
        openSeed: UInt64
    ) -> [StoreFlaw] {
        let (store, flaws) = settle(&history, fileSystem, openSeed: openSeed)
        return store.map { history.retryRequests(at: $0) } ?? flaws
    }
}
