import RecordFormat
import SegmentStore

/// The ways to end a scenario, and what must hold then.
extension ScenarioRun {
    /// Ends the store and starts it again on what is left.
    ///
    /// - Parameter mayRefuse: whether refusing the start is as good as being right.
    /// - Parameter prepare: makes something go wrong in that start.
    mutating func check(
        after draw: StoreDraw,
        mayRefuse: Bool = false,
        mayQuarantine: Bool = false,
        prepare: (SimulatedFileSystem) -> Void = { _ in }
    ) {
        let next = volume(draw.survivors(of: fileSystem.image))
        prepare(next)
        checked = next
        var history = history
        let found = StoreReplay.settleAndRetry(&history, next, openSeed: 3).filter { flaw in
            !(mayRefuse && flaw.kind == .refusedStart) && !(mayQuarantine && flaw.kind == .unreadablePartition)
        }
        note(found, "after \(draw)")
    }

    /// Starts a store on an image, and compares it with what is known.
    mutating func check(_ image: SimulatedImage, _ known: StoreHistory, _ place: String) {
        var history = known
        note(StoreReplay.settleAndRetry(&history, volume(image), openSeed: 3), place)
    }

    /// A machine with a volume, broken in the scenario's way.
    func volume(_ image: SimulatedImage) -> SimulatedFileSystem {
        var settings = fileSystem.settings
        // Somebody has made room meanwhile.
        settings.capacityBytes = nil
        let next = SimulatedFileSystem(image, settings)
        mutation.apply(to: next)
        return next
    }

    /// Makes some call the last one that is made; whoever waits for it is not told.
    func kill(
        after fits: @escaping @Sendable (SimulatedCall) -> Bool,
        in body: () throws -> Void
    ) {
        fileSystem.plan(.powerCutAfter, where: fits)
        try? body()
        fileSystem.forgetRules()
    }

    /// Does something, and cuts the power at every call of it that changed anything.
    ///
    /// Nothing may be acknowledged meanwhile.
    /// - Parameter drawsAtRenames: how often after a rename, where it matters which names survive.
    /// - Parameter known: what is known meanwhile, if not what is known at the end.
    mutating func cutEveryCall(
        draws: Int,
        drawsAtRenames: Int? = nil,
        knowing known: StoreHistory? = nil,
        of body: () throws -> Void
    ) rethrows {
        let before = fileSystem.callCount
        fileSystem.startRecording()
        try body()
        let recording = StoreRecording(of: fileSystem)
        let known = known ?? history
        for count in before...recording.calls.count where recording.isChanged(at: count) && flaws.isEmpty {
            let isRename = recording.neighbours(at: count).after == .rename
            let draws = isRename ? drawsAtRenames ?? draws : draws
            cut(recording.image(after: count), draws: draws, known, "cut after call \(count)")
        }
    }

    /// Does something to a store with a topic and a record, over and over, each time with the power cut after another of
    /// its calls.
    mutating func cutAfterEachCall(
        draws: Int,
        isCheckpointed: Bool = false,
        of body: (StoreClient) throws -> Void
    ) throws {
        var number = 1
        while flaws.isEmpty {
            renew()
            let client = try begin()
            let append = record("a", bytes: 90)
            try client.commit([[append]])
            if isCheckpointed { try client.checkpoint() }
            fileSystem.crashAfter(call: fileSystem.callCount + number)
            try? body(client)
            cut(fileSystem.image, draws: draws, history, "cut after call \(number)")
            if !fileSystem.isDown { return }
            number += 1
        }
    }

    /// Starts a store on what a cut has left, caches and all after a kill, and cuts the power at every call of that start,
    /// and right after it: what was found must then be there again.
    mutating func cutStart(after draw: StoreDraw = .kill, draws: Int) {
        let start = volume(draw.survivors(of: fileSystem.image))
        start.startRecording()
        var found = history
        let (store, flaws) = StoreReplay.settle(&found, start, openSeed: 3)
        note(flaws, "after \(draw)")
        guard store != nil else { return }
        let recording = StoreRecording(of: start)
        let last = recording.calls.count
        for count in 0...last where recording.isChanged(at: count) && self.flaws.isEmpty {
            cut(recording.image(after: count), draws: draws, history, "cut after call \(count) of the start")
        }
        cut(recording.image(after: last), draws: draws, found, "cut when ready")
    }

    mutating func cut(_ image: SimulatedImage, draws: Int, _ known: StoreHistory, _ place: String) {
        for draw in sampled([.none, .all] + (0..<draws).map { StoreDraw.drawn(UInt64($0)) }) where flaws.isEmpty {
            check(draw.survivors(of: image), known, "\(place), survivors \(draw)")
        }
    }
}
