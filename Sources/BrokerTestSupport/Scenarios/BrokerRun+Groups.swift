import BrokerCore
import Glibc
import RecordFormat
import SegmentStore
import Synchronization

/// What groups may rest on.
extension BrokerRun {
    /// The topic and all commits on it go together.
    mutating func deletedTopic() async throws {
        let fileSystem = SimulatedFileSystem()
        let (orders, payments) = (try topic(), try topic("payments"))
        let process = try await start(on: fileSystem)
        for topic in [orders, payments] {
            try await make(topic, in: process.broker)
            try await append(["a"], to: topic, in: process.broker)
        }
        let session = try await join([orders, payments], in: process.broker)
        try await commit(Offset(1), await handed(2, session), session, in: process.broker)
        fileSystem.startRecording()
        try await process.broker.deleteTopic(orders)
        let moments = fileSystem.moments.filter { $0.after == nil || $0.after?.site == .journalFrame }
        await process.stop()
        for moment in moments {
            let again = try await start(on: SimulatedFileSystem(moment.image.survivors(seed: 0, .losesAll)))
            let isThere = (try? await values(in: orders, of: again.broker)) != nil
            let isCommitted = (try? committed(orders, in: again.broker)) == Offset(1)
            if isThere != isCommitted {
                note(
                    .partialRound,
                    "the topic is \(isThere ? "there" : "gone"), its commits are \(isThere ? "gone" : "there")"
                )
            }
            await again.stop()
        }
    }

    /// The new topic inherits nothing.
    mutating func namesake() async throws {
        let orders = try topic()
        let (other, process) = (try topic("payments"), try await start(on: SimulatedFileSystem()))
        for topic in [orders, other] {
            try await make(topic, in: process.broker)
            try await append(["a"], to: topic, in: process.broker)
        }
        let session = try await join([orders, other], in: process.broker)
        try await commit(Offset(1), await handed(2, session), session, in: process.broker)
        try await process.broker.deleteTopic(orders)
        try await make(orders, in: process.broker)
        try await append(["b"], to: orders, in: process.broker)
        let found = try committed(orders, in: process.broker)
        if let found, found > .zero {
            note(.resurrectedTopic, "a new topic begins at offset \(found) of the one before")
        }
        await process.stop()
    }

    /// What was queued behind a refused append is refused, too: it rests on a state that the log does not hold.
    mutating func refusedJoin() async throws {
        let fileSystem = SimulatedFileSystem()
        let orders = try topic()
        let process = try await start(on: fileSystem)
        try await make(orders, in: process.broker)
        let gate = Gate()
        fileSystem.plan(.failure(.noSpace)) { $0.kind == .write && $0.path.string.hasSuffix(".log") }
        fileSystem.observeCalls { call in
            if call.kind == .write, call.path.string.hasSuffix(".log") { gate.pass() }
        }
        let run = self
        let joined = await withTaskGroup(of: Bool.self) { tasks in
            for number in 0..<3 {
                tasks.addTask { (try? await run.join([orders], in: process.broker)) != nil }
                // The first one is being written before the others come.
                while number == 0, !gate.isReached { await Task.yield() }
                while run.memberCount(in: process.broker) <= number { await Task.yield() }
            }
            gate.open()
            return await tasks.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        fileSystem.observeCalls(nil)
        await process.stop()
        let again = try await start(on: fileSystem.afterProcessDeath())
        let found = memberCount(in: again.broker)
        if found > joined { note(.falseWord, "\(joined) of three joined, and \(found) are members after a restart") }
        await again.stop()
    }

    /// Nobody hears of a change that a power cut could take back.
    mutating func slowJoin() async throws {
        let fileSystem = SimulatedFileSystem()
        let orders = try topic()
        let process = try await start(on: fileSystem)
        try await make(orders, in: process.broker)
        let (gate, isTold) = (Gate(), Flag())
        fileSystem.observeCalls { if $0.site == .journalFrame { gate.pass() } }
        let run = self
        async let session = run.join([orders], in: process.broker, then: isTold)
        while !gate.isReached { await Task.yield() }
        // Whoever would tell it too early has some time for that.
        let start = ContinuousClock.now
        while !isTold.isSet, ContinuousClock.now - start < .milliseconds(200) { await Task.yield() }
        let (wasTold, image) = (isTold.isSet, fileSystem.image.survivors(seed: 0, .losesAll))
        gate.open()
        _ = try await session
        fileSystem.observeCalls(nil)
        await process.stop()
        guard wasTold else { return }
        let again = try await self.start(on: SimulatedFileSystem(image))
        let found = memberCount(in: again.broker)
        if found == 0 { note(.falseWord, "a member was told that it had joined, and is gone after a power cut") }
        await again.stop()
    }

    private func join(_ topics: [TopicName], in broker: Broker, then flag: Flag) async throws -> any GroupSession {
        let session = try await join(topics, in: broker)
        flag.set()
        return session
    }

    /// Nobody is told that nothing was stored when a frame's write had begun.
    mutating func failedAppend() async throws {
        let fileSystem = SimulatedFileSystem()
        let orders = try topic()
        let process = try await start(on: fileSystem)
        try await make(orders, in: process.broker)
        try await append(["a"], to: orders, in: process.broker)
        fileSystem.plan(.failure(.ioError)) { $0.site == .journalFrame }
        var wasRefused = false
        do {
            try await append(["b"], to: orders, in: process.broker)
            note(.missedFailure, "an append is acknowledged whose flush failed")
        } catch BrokerError.storageRefused {
            wasRefused = true
        } catch {}
        await process.stop()
        let again = try await start(on: fileSystem.survivors(seed: 0, .keepsAll))
        let found = try await values(in: orders, of: again.broker)
        if wasRefused, found != ["a"] { note(.falseWord, "b was refused as not stored, and \(found) are there") }
        await again.stop()
    }
}

/// Holds a thread up until it is opened; from then on all go through.
private final class Gate: Sendable {
    private let state = Mutex((isReached: false, isOpen: false))

    var isReached: Bool { state.withLock { $0.isReached } }

    func open() { state.withLock { $0.isOpen = true } }

    /// Blocks the calling thread, which holds no lock of ours.
    func pass() {
        state.withLock { $0.isReached = true }
        while !state.withLock({ $0.isOpen }) { sched_yield() }
    }
}

/// A fact that comes true once.
private final class Flag: Sendable {
    private let value = Mutex(false)

    var isSet: Bool { value.withLock { $0 } }

    func set() { value.withLock { $0 = true } }
}
