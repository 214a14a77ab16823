import HTTPTypes
import RecordFormat
import Testing

@testable import BrokerAPI

/// A client whose connection drops anywhere resumes by the last id it was told, and misses nothing.
@Suite struct ResumeTests {
    @Test func droppedAtEveryByteNoRecordIsMissedAndNoneRepeatedBeyondAFlush() async throws {
        let harness = Harness()
        try await harness.topic("orders", partitions: 2)
        for request in 0..<3 {
            await harness.produce(
                "orders",
                (0..<3).map { "{\"value\":\(request * 3 + $0),\"partition\":\($0 % 2)}" }.joined(separator: ",")
            )
        }
        let path = "/v1/topics/orders/records?timeout=1"
        let accept: HTTPFields = [.accept: "text/event-stream"]
        let whole = Array(await harness.send(.get, path, headers: accept).text.utf8)
        for length in 0...whole.count {
            let first = SSEReader(String(decoding: whole[..<length], as: UTF8.self)).events
            var headers = accept
            if let id = first.last?.lastEventID { headers[.lastEventID] = id }
            let second = SSEReader(await harness.send(.get, path, headers: headers).text).events
            let seen = try values(first)
            let rest = try values(second)
            #expect(Set(seen + rest) == Set(0..<9))
            #expect(rest.count == Set(rest).count)
            // The whole history is one flush here: it is repeated whole or not at all.
            #expect(rest.count == 9 || rest.isEmpty)
        }
    }

    private func values(_ events: [SSEReader.Event]) throws -> [Int64] {
        try events.filter { $0.type == "record" }.compactMap { try JSON($0.data)["value"]?.integer }
    }
}
