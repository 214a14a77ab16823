import RecordFormat
import SegmentStore
import SystemPackage

/// Things that go wrong too rarely for a random life to meet them, each made to happen.
///
/// A scenario breaks nothing by itself: every promise holds at its end, unless a rule of the store is broken.
public enum StoreScenario: String, CaseIterable, Hashable, Sendable {
    /// A record's value looks like a frame of the journal, on every block.
    case forgedFrame
    /// The ring holds a whole header whose length no frame may have.
    case oversizedFrame
    /// A frame holds an entry of an unknown kind.
    case unknownEntry
    /// The last acknowledged frame was written to a wrong place.
    case misdirectedFrame
    /// The last acknowledged frame never reached the device, and one behind it did.
    case lostFrame
    /// Storage fails while a checkpoint is being completed.
    case failureInCheckpoint
    /// The system loses a segment's pages in the background.
    case lostWriteback
    /// The pages of a segment that no checkpoint covers cannot be read.
    case readAboveCheckpoint
    /// A partition's directory holds a file that nobody knows.
    case strangerFile
    /// Nobody takes a checkpoint for as long as the store lets him.
    case noCheckpoint
    /// A clean stop, another run, and then the newest checkpoint's slot is damaged.
    case damagedSlotAfterCleanStop
    /// A topic's directory is gone.
    case missingTopic
    /// A segment is shorter than it was.
    case shortSegment
    /// A producer's first request is the last that the journal holds.
    case firstRequest
    /// A producer's retry is queued behind its original, and their round is refused.
    case refusedOriginal
    /// Retention has taken a producer's requests, and the power goes.
    case retryAfterRetention
    /// The volume fills up, and has room again.
    case fullVolume
    /// The volume has no room but the ballast's for what a start must write again.
    case fullVolumeAtStart
    /// The thread that flushes segments is told that it failed, and another one answers producers.
    case failedFlushElsewhere

    /// Runs it.
    /// - Returns: what is wrong.
    public func run(_ mutation: StoreMutation = .none) -> [StoreFlaw] {
        var run = ScenarioRun(mutation, name: rawValue)
        do {
            try steps(&run)
        } catch {
            run.flaws.append(StoreFlaw(.failedWorkload, "\(rawValue): \(error)"))
        }
        return run.flaws
    }

    private func steps(_ run: inout ScenarioRun) throws {
        switch self {
        case .forgedFrame: try run.forgedFrame()
        case .oversizedFrame: try run.oversizedFrame()
        case .unknownEntry: try run.unknownEntry()
        case .misdirectedFrame: try run.misdirectedFrame()
        case .lostFrame: try run.lostFrame()
        case .failureInCheckpoint: try run.failureInCheckpoint()
        case .lostWriteback: try run.lostWriteback()
        case .readAboveCheckpoint: try run.readAboveCheckpoint()
        case .strangerFile: try run.strangerFile()
        case .noCheckpoint: try run.noCheckpoint()
        case .damagedSlotAfterCleanStop: try run.damagedSlotAfterCleanStop()
        case .missingTopic: try run.missingTopic()
        case .shortSegment: try run.shortSegment()
        case .firstRequest: try run.firstRequest()
        case .refusedOriginal: try run.refusedOriginal()
        case .retryAfterRetention: try run.retryAfterRetention()
        case .fullVolume: try run.fullVolume()
        case .fullVolumeAtStart: try run.fullVolumeAtStart()
        case .failedFlushElsewhere: try run.failedFlushElsewhere()
        }
    }
}

/// What a scenario is told with: one store with one topic, and the ways to end and to judge it.
struct ScenarioRun {
    let mutation: StoreMutation
    let name: String
    var flaws: [StoreFlaw] = []
    private(set) var fileSystem: SimulatedFileSystem
    private(set) var client: StoreClient?
    /// The volume that was checked last, as the start left it.
    private(set) var checked = SimulatedFileSystem()

    init(_ mutation: StoreMutation, name: String, flaws: [StoreFlaw] = []) {
        self.mutation = mutation
        self.name = name
        self.flaws = flaws
        fileSystem = SimulatedFileSystem()
        mutation.apply(to: fileSystem)
    }

    /// The first partition of the topic.
    var key: PartitionKey {
        client?.history.partitions.first
            ?? PartitionKey(topic: TopicID(high: 0, low: 0), partition: PartitionIndex(0))
    }

    /// A store with a topic, on a new volume.
    ///
    /// - Parameter tailBytesMax: 0 where readers at the tail are to read the files.
    mutating func begin(tailBytesMax: ByteCount = .mebibytes(64)) throws -> StoreClient {
        let client = StoreClient(
            try StoreWorkload.open(fileSystem, seed: 3, tailBytesMax: tailBytesMax),
            fileSystem,
            seed: 3,
            after: StoreHistory()
        )
        try client.createTopic()
        self.client = client
        return client
    }

    /// The same directory under another store, after a stop.
    mutating func reopen() throws -> StoreClient {
        let history = client?.history ?? StoreHistory()
        client = nil
        let image = fileSystem.image
        fileSystem = SimulatedFileSystem(image)
        mutation.apply(to: fileSystem)
        let next = StoreClient(try StoreWorkload.open(fileSystem, seed: 3), fileSystem, seed: 4, after: history)
        next.change { $0.adoptOutcomes() }
        client = next
        return next
    }

    /// The path of the first segment of the first partition.
    var segment: FilePath { partition.appending("00000000000000000000.log") }

    var partition: FilePath {
        path("topics").appending(key.topic.hex).appending(String(key.partition.value))
    }

    func path(_ name: String) -> FilePath { StoreWorkload.directory.appending(name) }

    /// Ends the store and starts it again on what is left.
    /// - Parameter mayRefuse: whether refusing the start is as good as being right.
    /// - Parameter roomBytes: what is left on the volume then; nil for as much as one likes.
    mutating func check(
        after draw: StoreDraw,
        mayRefuse: Bool = false,
        mayQuarantine: Bool = false,
        roomBytes: Int? = nil
    ) {
        var history = client?.history ?? StoreHistory()
        let image = draw.survivors(of: fileSystem.image)
        let next = SimulatedFileSystem(image)
        mutation.apply(to: next)
        if let roomBytes { next.leave(bytes: roomBytes) }
        checked = next
        do throws(StorageError) {
            let store = try StoreWorkload.open(next, seed: 3)
            let found = history.settle(with: store)
            flaws += found.filter { !mayQuarantine || $0.kind != .unreadablePartition }
                .map { StoreFlaw($0.kind, "\(name): \($0.text)") }
            guard found.isEmpty else { return }
            flaws += history.retryRequests(at: store).map { StoreFlaw($0.kind, "\(name): \($0.text)") }
        } catch {
            if !mayRefuse { flaws.append(StoreFlaw(.refusedStart, "\(name): \(error)")) }
        }
    }
}
