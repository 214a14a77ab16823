import RecordFormat
import SegmentStore
import Synchronization

/// One run of a workload, with the volume's image at every call and what the client knew then.
struct StoreLife: Sendable {
    let workload: StoreWorkload
    let recording: StoreRecording
    /// What went wrong in it.
    let failure: String?
    /// How many calls the start took.
    let startCallCount: Int
    private let snapshots: [StoreClient.Snapshot]
    private let sightings: [Sighting]

    /// Runs a workload from its start to its end, on a file system that was never called before.
    init(_ workload: StoreWorkload, on fileSystem: SimulatedFileSystem, after history: StoreHistory) {
        self.workload = workload
        var startCallCount = 0
        var sightings: SightingLog?
        fileSystem.startRecording()
        snapshots = workload.trace(on: fileSystem, after: history) { client in
            startCallCount = fileSystem.callCount
            let log = SightingLog(client)
            sightings = log
            fileSystem.observeCalls { call in
                log.look(at: call)
                client.observe(call)
            }
        }
        self.startCallCount = startCallCount
        self.sightings = sightings?.all ?? []
        failure = snapshots.last?.history.failure
        recording = StoreRecording(of: fileSystem)
    }

    /// What the client and its readers knew when the calls of this life up to `count` had been made.
    func history(at count: Int) -> StoreHistory {
        var history = (snapshots.last { $0.callCount <= count } ?? snapshots[0]).history
        for sighting in sightings.prefix(while: { $0.callCount <= count }) where history.holds(sighting.key) {
            history.seen[sighting.key] = max(history.seen[sighting.key] ?? 0, sighting.end)
            history.raiseStart(of: sighting.key, to: sighting.start)
        }
        return history
    }

    /// Which of the snapshots counts: two moments with the same one know the same.
    func knowledge(at count: Int) -> Int {
        (snapshots.lastIndex { $0.callCount <= count } ?? 0) << 16
            | sightings.prefix(while: { $0.callCount <= count }).count
    }
}

/// A reader's view of a partition.
struct Sighting: Sendable {
    let callCount: Int
    let key: PartitionKey
    let start: Int
    let end: Int
}

/// What readers saw, each beginning and each end of a partition once.
final class SightingLog: Sendable {
    private let client: StoreClient
    private let state = Mutex(State())

    private struct State {
        var all: [Sighting] = []
        var seen: [PartitionKey: Range<Int>] = [:]
    }

    init(_ client: StoreClient) {
        self.client = client
    }

    var all: [Sighting] { state.withLock { $0.all } }

    /// Looks before a flush: there a reader could see what is not durable yet.
    func look(at call: SimulatedCall) {
        guard call.kind == .flush else { return }
        let callCount = client.fileSystem.callCount
        for topic in client.store.topics() {
            for index in 0..<topic.partitionCount {
                let key = PartitionKey(topic: topic.id, partition: PartitionIndex(index))
                guard let marks = client.store.partition(key)?.watermarks else { continue }
                let (start, end) = (Int(marks.logStart.offset.value), Int(marks.visible.offset.value))
                state.withLock { state in
                    let seen = state.seen[key] ?? 0..<0
                    guard start > seen.lowerBound || end > seen.upperBound else { return }
                    state.seen[key] = start..<end
                    state.all.append(Sighting(callCount: callCount, key: key, start: start, end: end))
                }
            }
        }
    }
}

/// The calls of a run, and the image between any two of them.
struct StoreRecording: Sendable {
    let calls: [SimulatedCall]
    private let moments: [SimulatedMoment]
    /// For each number of calls, the moment that shows the image then.
    private let momentIndexes: [Int]

    init(of fileSystem: SimulatedFileSystem) {
        calls = fileSystem.calls
        moments = fileSystem.moments
        var indexes: [Int] = []
        var index = 0
        for count in 0...calls.count {
            while index + 1 < moments.count, (moments[index + 1].after?.number ?? 0) <= count { index += 1 }
            indexes.append(index)
        }
        momentIndexes = indexes
    }

    func image(after count: Int) -> SimulatedImage {
        moments[momentIndexes[min(count, calls.count)]].image
    }

    /// Whether the call that made the count full changed the image.
    func isChanged(at count: Int) -> Bool {
        count == 0 || momentIndexes[count] != momentIndexes[count - 1]
    }

    /// The calls on both sides of a cut.
    func neighbours(at count: Int) -> (before: SimulatedCall.Kind?, after: SimulatedCall.Kind?) {
        (count < calls.count ? calls[count].kind : nil, count > 0 ? calls[count - 1].kind : nil)
    }
}
