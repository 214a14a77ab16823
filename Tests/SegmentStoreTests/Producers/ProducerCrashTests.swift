import BrokerTestSupport
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// A power cut at every call while producers send, and the retry of what was not answered: every request is stored once.
@Suite struct ProducerCrashTests {
    @Test(arguments: [SimulatedPowerCut.drawn, .losesAll])
    func aPowerCutAtEveryCallStoresEveryRequestOnce(cut: SimulatedPowerCut) async throws {
        #expect(try await onItsOwnThread { try Self.cutAtEveryCall(cut, ignoring: []) } == [])
    }

    /// The flushes that this rests on, each switched off: some cut must show it.
    @Test(arguments: [FlushSite.producersFile, .producersName, .journalFrame])
    func withoutTheFlushSomeRequestIsStoredTwiceOrLost(site: FlushSite) async throws {
        let wrongs = try await onItsOwnThread {
            try Self.cutAtEveryCall(.losesAll, ignoring: [site])
        }
        #expect(!wrongs.isEmpty)
    }

    /// One request of a producer, and its answer once there is one.
    struct Sent: Sendable {
        let id: String
        let sequence: Int32
        let epoch: Int16
        let values: [Int32: [String]]
        var spans: [AppendedSpan]?
    }

    /// What the clients know.
    struct Known: Sendable {
        var answered: [Sent] = []
        var unanswered: [Sent] = []
        var callCount = 0
    }

    /// Two producers and a third that comes later; one begins a new epoch on the way.
    ///
    /// Rounds of one or two requests, with checkpoints between them.
    private static func run(_ fileSystem: SimulatedFileSystem) throws -> [Known] {
        var known = Known()
        var history: [Known] = []
        let test = try TestStore(fileSystem)
        var next: [String: (epoch: Int16, sequence: Int32)] = [:]
        for step in 0..<36 {
            var round: [Sent] = []
            for id in step % 5 == 4 ? ["p", "q"] : step > 20 && step % 3 == 0 ? ["r"] : [step % 2 == 0 ? "p" : "q"] {
                if step == 24, id == "p" { next[id] = ((next[id]?.epoch ?? 0) + 1, 0) }
                let (epoch, sequence) = next[id] ?? (0, 0)
                next[id] = (epoch, sequence + 1)
                round.append(
                    Sent(id: id, sequence: sequence, epoch: epoch, values: values(id, epoch, sequence, step))
                )
            }
            known.unanswered = round
            known.callCount = fileSystem.callCount
            history.append(known)
            let requests = try round.compactMap { sent in
                try test.request(sent.id, sent.sequence, epoch: sent.epoch, sent.values).request
            }
            let outcomes = try test.store.commit(requests)
            for (index, outcome) in outcomes.enumerated() {
                round[index].spans = outcome.ranges
                known.answered.append(round[index])
            }
            known.unanswered = []
            known.callCount = fileSystem.callCount
            history.append(known)
            if step % 6 == 5 || test.store.checkpointUrgency == .mustWait { try test.checkpoint() }
            if step % 7 == 6, test.store.needsProofFrame { try test.store.writeProofFrame() }
        }
        try test.store.close()
        return history
    }

    private static func values(_ id: String, _ epoch: Int16, _ sequence: Int32, _ step: Int) -> [Int32: [String]] {
        let text = "\(id).\(epoch).\(sequence)"
        let filler = String(repeating: "x", count: step * 29 % 80)
        var values: [Int32: [String]] = [:]
        if step % 3 != 1 { values[0] = [text + ".0", filler] }
        if step % 3 != 0 { values[1] = [text + ".1"] }
        return values
    }

    private static func cutAtEveryCall(
        _ cut: SimulatedPowerCut,
        ignoring sites: Set<FlushSite>
    ) throws -> [String] {
        let fileSystem = SimulatedFileSystem()
        // The first start and its topic are another test's.
        _ = try TestStore(fileSystem).restarted()
        let begun = SimulatedFileSystem(fileSystem.image)
        begun.ignoreFlushes(at: sites)
        begun.startRecording()
        let history = try run(begun)
        var wrongs: [String] = []
        for moment in begun.moments {
            // Of a flush that is switched off one cut is enough.
            if !sites.isEmpty, !wrongs.isEmpty { break }
            let number = moment.after?.number ?? 0
            guard let known = history.last(where: { $0.callCount <= number }) else { continue }
            let survivors = SimulatedFileSystem(moment.image.survivors(seed: UInt64(number), cut))
            do {
                wrongs += try check(known, try TestStore(survivors)).map { "cut after call \(number): \($0)" }
            } catch {
                wrongs.append("cut after call \(number): \(error)")
            }
        }
        return wrongs
    }

    /// Retries what was not answered, and the last of what was, and reads everything.
    private static func check(_ known: Known, _ test: TestStore) throws -> [String] {
        var wrongs: [String] = []
        var stored = known.answered
        for sent in known.unanswered {
            let outcome = try test.send(sent.id, sent.sequence, epoch: sent.epoch, sent.values)
            guard outcome.isCommitted || outcome.duplicateSpans != nil else {
                wrongs.append("the retry of \(sent.id) \(sent.sequence) was refused: \(outcome)")
                continue
            }
            stored.append(sent)
        }
        for id in ["p", "q", "r"] {
            guard let last = stored.last(where: { $0.id == id }) else { continue }
            let window = stored.filter { $0.id == id && $0.epoch == last.epoch }.suffix(5)
            for sent in window where sent.spans != nil {
                let outcome = try test.send(sent.id, sent.sequence, epoch: sent.epoch, sent.values)
                if outcome.duplicateSpans != sent.spans {
                    wrongs.append("\(sent.id) \(sent.sequence) was at \(sent.spans ?? []), its retry: \(outcome)")
                }
            }
            let next = try test.send(id, last.sequence + 1, epoch: last.epoch, [0: ["next \(id)"]])
            if !next.isCommitted { wrongs.append("the next request of \(id) was refused: \(next)") }
        }
        for (partition, key) in [(Int32(0), TestStore.key), (1, TestStore.other)] {
            let found = try test.values(key).filter { !$0.hasPrefix("next") && $0.contains(".") }
            let expected = stored.flatMap { $0.values[partition] ?? [] }.filter { $0.contains(".") }
            if found.sorted() != expected.sorted() {
                wrongs.append("partition \(partition) holds \(found), sent was \(expected)")
            }
        }
        return wrongs
    }
}
