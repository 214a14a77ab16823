import RecordFormat
import SegmentStore
import Testing

@testable import BrokerTestSupport

/// What a simulated producer takes for its newest request.
@Suite struct ProducerHistoryTests {
    private let line = ProducerHistory.Line(topic: TopicID(high: 1, low: 2), id: "p")

    private func request(_ epoch: Int16, _ sequence: Int32) -> ProducerHistory.Request {
        ProducerHistory.Request(line: line, epoch: epoch, sequence: sequence, appends: [])
    }

    @Test func aRepetitionIsNotTheNewest() {
        var history = ProducerHistory()
        for sequence: Int32 in [0, 1, 2, 1, 0] { history.note(request(0, sequence)) }
        #expect(history.sent[line] == [request(0, 0), request(0, 1), request(0, 2)])
    }

    @Test func anEpochBeginsAnew() {
        var history = ProducerHistory()
        for epoch: Int16 in [0, 1] { history.note(request(epoch, 0)) }
        #expect(history.sent[line] == [request(1, 0)])
    }

    @Test func onlyTheLastAreKept() {
        var history = ProducerHistory()
        for sequence: Int32 in 0..<9 { history.note(request(0, sequence)) }
        #expect(history.sent[line]?.map(\.sequence) == [4, 5, 6, 7, 8])
    }
}
