import RecordFormat
import SegmentStore
import Testing

@testable import BrokerCore

@Suite struct AppendQueueTests {
    private func request(_ bytes: Int, fences: [ShardFence] = [], isAlone: Bool = false) -> QueuedAppend {
        QueuedAppend(
            request: CommitRequest(appends: []),
            bytes: bytes,
            targets: [],
            fences: fences,
            isAlone: isAlone,
            resolve: { _ in }
        )
    }

    private func sizes(_ turn: JournalTurn) -> (round: [Int], superseded: [Int])? {
        guard case .round(let round, let superseded) = turn else { return nil }
        return (round.map(\.bytes), superseded.map(\.bytes))
    }

    @Test func aRoundTakesWhatFitsAFrameInOrder() {
        var state = AppendQueueState(bytesMax: 1000, reserveBytesMax: 100)
        for bytes in [40, 50, 20, 5] { _ = state.add(request(bytes), isUrgent: false) }
        #expect(sizes(state.takeTurn(frameBytesMax: 100))?.round == [40, 50])
        #expect(sizes(state.takeTurn(frameBytesMax: 100))?.round == [20, 5])
        #expect(state.bytes == 0)
    }

    @Test func aFullQueueRefusesButAnEmptyOneTakesAnything() {
        var state = AppendQueueState(bytesMax: 10, reserveBytesMax: 100)
        #expect(state.add(request(50), isUrgent: false) != .full)
        #expect(state.add(request(1), isUrgent: false) == .full)
        #expect(state.add(request(1), isUrgent: true) != .full)
        _ = state.takeTurn(frameBytesMax: 100)
        #expect(state.add(request(10), isUrgent: false) != .full)
    }

    @Test func theJournalIsWokenOnlyWhenItSleeps() {
        var state = AppendQueueState(bytesMax: 1000, reserveBytesMax: 100)
        #expect(state.add(request(1), isUrgent: false) == .queued(wakesJournal: true))
        #expect(state.add(request(1), isUrgent: false) == .queued(wakesJournal: false))
        _ = state.takeTurn(frameBytesMax: 100)
        #expect(state.add(request(1), isUrgent: false) == .queued(wakesJournal: false))
        _ = state.takeTurn(frameBytesMax: 100)
        guard case .idle = state.takeTurn(frameBytesMax: 100) else {
            Issue.record("an empty queue is idle")
            return
        }
        #expect(state.add(request(1), isUrgent: false) == .queued(wakesJournal: true))
    }

    @Test func aRequestThatStandsAloneHasARoundOfItsOwn() {
        var state = AppendQueueState(bytesMax: 1000, reserveBytesMax: 100)
        for size in [1, 2] { _ = state.add(request(size), isUrgent: false) }
        _ = state.add(request(3, isAlone: true), isUrgent: false)
        _ = state.add(request(4), isUrgent: false)
        #expect(sizes(state.takeTurn(frameBytesMax: 100))?.round == [1, 2])
        #expect(sizes(state.takeTurn(frameBytesMax: 100))?.round == [3])
        #expect(sizes(state.takeTurn(frameBytesMax: 100))?.round == [4])
    }

    @Test func requestsOfAnOlderGenerationAreNotWritten() {
        var state = AppendQueueState(bytesMax: 1000, reserveBytesMax: 100)
        let generation = ShardGeneration()
        _ = state.add(request(1, fences: [generation.fence()]), isUrgent: false)
        _ = state.add(request(2), isUrgent: false)
        generation.raise()
        _ = state.add(request(3, fences: [generation.fence()]), isUrgent: false)
        let turn = sizes(state.takeTurn(frameBytesMax: 100))
        #expect(turn?.round == [2, 3])
        #expect(turn?.superseded == [1])
    }

    @Test func aClosedQueueRunsDry() {
        var state = AppendQueueState(bytesMax: 1000, reserveBytesMax: 100)
        _ = state.add(request(1), isUrgent: false)
        state.close()
        #expect(state.add(request(1), isUrgent: true) == .closed)
        #expect(sizes(state.takeTurn(frameBytesMax: 100))?.round == [1])
        guard case .closed = state.takeTurn(frameBytesMax: 100) else {
            Issue.record("a closed queue ends when it is empty")
            return
        }
    }

    @Test func aFailedQueueGivesBackWhatWasNeverWritten() {
        var state = AppendQueueState(bytesMax: 1000, reserveBytesMax: 100)
        _ = state.add(request(1), isUrgent: false)
        #expect(state.fail().map(\.bytes) == [1])
        #expect(state.fail().isEmpty)
        #expect(state.add(request(1), isUrgent: true) == .closed)
    }

    @Test func theBrokersOwnRequestsComeFirstAndHaveAReserve() {
        var state = AppendQueueState(bytesMax: 10, reserveBytesMax: 20)
        _ = state.add(request(10), isUrgent: false)
        #expect(state.add(request(1), isUrgent: false) == .full)
        #expect(state.hasRoom(bytes: 15, isUrgent: true))
        _ = state.add(request(15), isUrgent: true)
        #expect(!state.hasRoom(bytes: 6, isUrgent: true))
        #expect(state.hasRoom(bytes: 5, isUrgent: true))
        #expect(sizes(state.takeTurn(frameBytesMax: 100))?.round == [15, 10])
        #expect(state.bytes == 0)
    }

    @Test func aFrameFullOfTheBrokersOwnLeavesUsersToTheNext() {
        var state = AppendQueueState(bytesMax: 100, reserveBytesMax: 100)
        _ = state.add(request(30), isUrgent: false)
        for _ in 0..<3 { _ = state.add(request(25), isUrgent: true) }
        #expect(sizes(state.takeTurn(frameBytesMax: 90))?.round == [25, 25, 25])
        #expect(sizes(state.takeTurn(frameBytesMax: 90))?.round == [30])
    }

    @Test func nothingJoinsARoundOfOneThatStandsAlone() {
        var state = AppendQueueState(bytesMax: 100, reserveBytesMax: 100)
        _ = state.add(request(1), isUrgent: false)
        _ = state.add(request(2, isAlone: true), isUrgent: true)
        #expect(sizes(state.takeTurn(frameBytesMax: 90))?.round == [2])
        #expect(sizes(state.takeTurn(frameBytesMax: 90))?.round == [1])
    }
}
