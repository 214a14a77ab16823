import RecordFormat
import SegmentStore

/// Explores what power cuts may leave of a store's lives, and what it makes of that.
///
/// A life is one run of a workload, recorded call by call. Every cut of it is recovered and compared with what the client
/// knew; of some, every call of the recovery is cut too; then the power goes right after the store said that it was
/// ready, and some stores live on and are cut again.
public struct StoreExplorer {
    /// What was come across.
    public private(set) var findings = StoreFindings()
    private let mutation: StoreMutation
    private let limits: Limits
    private var random = SplitMix64(seed: 0)
    private var visited: Set<Visit> = []
    private var settings = SimulatedSettings()
    private var openSeed: UInt64 = 0

    /// When an exploration ends, and how deep it goes.
    public struct Limits {
        /// How many states are recovered at most.
        public var stateCountMax = Int.max
        /// How many flaws are enough.
        public var flawCountMax = 20
        /// How often, in percent, every call of a state's recovery is cut too.
        public var nestedPercent = 2
        /// How often, in percent, the store lives on after a state.
        public var lifePercent = 1
        /// How often, in percent, the directory is verified after a start.
        public var verifyPercent = 2
        /// How often, in percent, the process is killed where a call changed something.
        public var killPercent = 15
        /// Whether the process is always killed first, and what the next start rests on is then taken from it.
        public var isAfterKills = false
        /// How often, in percent, every call of the start after such a kill is cut, and the store lives on after it.
        public var afterKillPercent = 0
        /// How many distinct states are wanted, even if it takes longer than there is time.
        public var stateCountMin = 0
        /// Whether the time is over; asked at every state.
        public var isOver: () -> Bool = { false }

        /// No limits.
        public init() {}
    }

    private struct Visit: Hashable {
        let digest: UInt64
        let knowledge: Int
        let trail: Int
    }

    /// An explorer of one mutation, or of the store as it is.
    public init(_ mutation: StoreMutation = .none, _ limits: Limits = Limits()) {
        self.mutation = mutation
        self.limits = limits
    }

    /// Whether a limit is reached.
    public var isDone: Bool {
        findings.recoveredCount >= limits.stateCountMax || findings.flaws.count >= limits.flawCountMax
            || (findings.states.count >= limits.stateCountMin && limits.isOver())
    }

    /// The volume of a first life: its seed decides whether the ring is written around the page cache.
    public static func volume(for workload: StoreWorkload) -> SimulatedFileSystem {
        var settings = SimulatedSettings()
        settings.hasDirectIO = workload.seed % 3 != 2
        return SimulatedFileSystem(SimulatedFileSystem().image, settings)
    }

    /// Explores every cut of a workload.
    public mutating func explore(_ workload: StoreWorkload) {
        random = SplitMix64(seed: workload.seed ^ 0x5eed)
        openSeed = workload.seed
        let fileSystem = Self.volume(for: workload)
        settings = fileSystem.settings
        mutation.apply(to: fileSystem)
        let life = StoreLife(workload, on: fileSystem, after: StoreHistory())
        noteFailure(of: life, StoreTrail([]))
        findings.note(calls: life.recording.calls.prefix(life.startCallCount), isInRecovery: true)
        findings.note(calls: life.recording.calls.dropFirst(life.startCallCount), isInRecovery: false)
        // In any order, so that an exploration that ends early has been everywhere.
        for count in (0...life.recording.calls.count).shuffled(using: &random) {
            for draw in firstDraws(isChanged: life.recording.isChanged(at: count)) where !isDone {
                cut(life, at: count, draw, StoreTrail([]), depth: 0)
            }
        }
    }

    private mutating func firstDraws(isChanged: Bool) -> [StoreDraw] {
        guard limits.isAfterKills else { return draws(isChanged: isChanged) }
        return isChanged ? [.kill] : []
    }

    private mutating func noteFailure(of life: StoreLife, _ trail: StoreTrail) {
        guard let failure = life.failure else { return }
        let step = StoreTrail.Step.life(life.workload, calls: life.recording.calls.count, .kill)
        findings.note([StoreFlaw(.failedWorkload, failure)], at: trail.adding(step))
    }

    /// Several draws where a call changed something, one now and then where nothing changed.
    private mutating func draws(isChanged: Bool) -> [StoreDraw] {
        guard isChanged else { return random.chance(percent: 30) ? [.drawn(random.next() >> 32)] : [] }
        var draws: [StoreDraw] = [.none, .drawn(random.next() >> 32), .drawn(random.next() >> 32)]
        if random.chance(percent: 30) { draws.append(.all) }
        if random.chance(percent: limits.killPercent) { draws.append(.kill) }
        return draws
    }

    private mutating func cut(_ life: StoreLife, at count: Int, _ draw: StoreDraw, _ trail: StoreTrail, depth: Int) {
        let (before, after) = life.recording.neighbours(at: count)
        let place = CrashTable.Place(before: before, after: after, isInRecovery: count < life.startCallCount)
        let state = State(
            image: draw.survivors(of: life.recording.image(after: count)),
            history: life.history(at: count),
            knowledge: life.knowledge(at: count),
            trail: trail.adding(.life(life.workload, calls: count, draw)),
            depth: depth
        )
        visit(state, draw, place)
    }

    /// A volume to be started from, and what is known of what it should hold.
    private struct State {
        let image: SimulatedImage
        let history: StoreHistory
        let knowledge: Int
        let trail: StoreTrail
        let depth: Int
    }

    private mutating func visit(_ state: State, _ draw: StoreDraw, _ place: CrashTable.Place) {
        guard !isDone else { return }
        let digest = draw.digest(of: state.image)
        findings.note(digest, cut: place)
        let context = state.trail.steps.dropLast().hashValue
        guard visited.insert(Visit(digest: digest, knowledge: state.knowledge, trail: context)).inserted else { return }
        findings.recoveredCount += 1
        let fileSystem = SimulatedFileSystem(state.image, settings)
        mutation.apply(to: fileSystem)
        let nestedPercent = limits.isAfterKills && draw == .kill ? limits.afterKillPercent : limits.nestedPercent
        let isNested = state.depth < 2 && random.chance(percent: nestedPercent)
        if isNested { fileSystem.startRecording() }
        guard let (history, store) = start(on: fileSystem, state.history, state.trail) else { return }
        if random.chance(percent: limits.verifyPercent) {
            findings.note(StoreVerification.alarms(in: fileSystem.image), at: state.trail)
        }
        if isNested { cutRecovery(StoreRecording(of: fileSystem), state) }
        cutWhenReady(fileSystem, history, state)
        let lifePercent = limits.isAfterKills && draw == .kill ? limits.afterKillPercent : limits.lifePercent
        if state.depth < 2, random.chance(percent: lifePercent) { liveOn(fileSystem, history, state) }
        // Last, since it writes.
        retry(history, at: store, state.trail)
    }

    /// Opens a store and compares it with what is known.
    /// - Returns: what is known then, and the store; nil where it is not fit to go on.
    private mutating func start(
        on fileSystem: SimulatedFileSystem,
        _ known: StoreHistory,
        _ trail: StoreTrail
    ) -> (history: StoreHistory, store: LogStore)? {
        var history = known
        let (store, flaws) = StoreReplay.settle(&history, fileSystem, openSeed: openSeed)
        findings.note(flaws, at: trail)
        return store.map { (history, $0) }
    }

    /// Lets producers send again what they sent before.
    private mutating func retry(_ history: StoreHistory, at store: LogStore, _ trail: StoreTrail) {
        var history = history
        findings.note(history.retryRequests(at: store), at: trail)
    }

    private mutating func cutRecovery(_ recording: StoreRecording, _ state: State) {
        findings.note(calls: recording.calls, isInRecovery: true)
        for count in 0...recording.calls.count {
            for draw in draws(isChanged: recording.isChanged(at: count)) where !isDone {
                let (before, after) = recording.neighbours(at: count)
                let next = State(
                    image: draw.survivors(of: recording.image(after: count)),
                    history: state.history,
                    knowledge: state.knowledge,
                    trail: state.trail.adding(.start(calls: count, draw)),
                    depth: state.depth + 1
                )
                visit(next, draw, CrashTable.Place(before: before, after: after, isInRecovery: true))
            }
        }
    }

    /// What a store served once must be there at every later start, and nothing else.
    private mutating func cutWhenReady(_ fileSystem: SimulatedFileSystem, _ history: StoreHistory, _ state: State) {
        let draws: [StoreDraw] = [.none, .all, .kill, .drawn(random.next() >> 32), .drawn(random.next() >> 32)]
        for draw in limits.isAfterKills ? draws : [draws[random.below(draws.count)]] {
            cutWhenReady(fileSystem, history, state, draw)
        }
    }

    private mutating func cutWhenReady(
        _ fileSystem: SimulatedFileSystem,
        _ history: StoreHistory,
        _ state: State,
        _ draw: StoreDraw
    ) {
        let image = draw.survivors(of: fileSystem.image)
        findings.recoveredCount += 1
        findings.note(draw.digest(of: image), cut: CrashTable.Place(before: nil, after: nil, isInRecovery: false))
        let next = SimulatedFileSystem(image, settings)
        mutation.apply(to: next)
        let trail = state.trail.adding(.ready(draw))
        guard let (history, store) = start(on: next, history, trail) else { return }
        retry(history, at: store, trail)
    }

    private mutating func liveOn(_ fileSystem: SimulatedFileSystem, _ history: StoreHistory, _ state: State) {
        let draw: StoreDraw = random.chance(percent: 50) ? .kill : .drawn(random.next() >> 32)
        let next = SimulatedFileSystem(draw.survivors(of: fileSystem.image), settings)
        mutation.apply(to: next)
        let trail = state.trail.adding(.ready(draw))
        let life = StoreLife(StoreWorkload(seed: random.next() >> 32, stepCount: 12), on: next, after: history)
        noteFailure(of: life, trail)
        guard life.failure == nil else { return }
        for _ in 0..<12 {
            let count = random.below(life.recording.calls.count + 1)
            for draw in draws(isChanged: true) where !isDone {
                cut(life, at: count, draw, trail, depth: state.depth + 1)
            }
        }
    }
}
