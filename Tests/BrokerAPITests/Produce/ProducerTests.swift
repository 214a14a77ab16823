import BrokerCore
import HTTPTypes
import NIOCore
import RecordFormat
import Testing

@Suite struct ProducerTests {
    static func fields(_ id: String? = "p", _ epoch: String? = "0", _ sequence: String? = "0") throws -> HTTPFields {
        var fields: HTTPFields = [:]
        for (name, value) in [("Producer-Id", id), ("Producer-Epoch", epoch), ("Producer-Seq", sequence)] {
            guard let value else { continue }
            fields[try #require(HTTPField.Name(name))] = value
        }
        return fields
    }

    private func send(
        _ harness: Harness,
        _ body: String = "{\"records\":[{\"value\":1},{\"key\":\"k\",\"value\":2}]}",
        type: String = "application/json",
        query: String = "",
        from fields: HTTPFields
    ) async -> Harness.Answer {
        await harness.send(.post, "/v1/topics/orders/records\(query)", body, type: type, headers: fields)
    }

    @Test(
        arguments: [
            (nil, "0", "0", "Producer-Id is missing"), ("p", nil, "0", "Producer-Epoch is missing"),
            ("p", "0", nil, "Producer-Seq is missing"), ("p", nil, nil, "Producer-Epoch and Producer-Seq are missing"),
            (nil, nil, "5", "Producer-Id and Producer-Epoch are missing"), ("", "0", "0", "Producer-Id is 1 to 249"),
            ("a b", "0", "0", "visible ASCII"), ("a,b", "0", "0", "visible ASCII"), ("ü", "0", "0", "visible ASCII"),
            (String(repeating: "x", count: 250), "0", "0", "1 to 249"),
            ("p", "-1", "0", "Producer-Epoch is a whole number"),
            ("p", "32768", "0", "take another Producer-Id"), ("p", "", "0", "from 0 to 32767"),
            ("p", "0", "2147483648", "raise Producer-Epoch by one and begin again at 0"),
            ("p", "0", "+1", "Producer-Seq"),
            ("p", "0", "1.0", "from 0 to 2147483647"),
        ] as [(String?, String?, String?, String)]
    )
    func theFieldsAreAllThereOrNone(id: String?, epoch: String?, sequence: String?, reason: String) async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let answer = await send(harness, from: try Self.fields(id, epoch, sequence))
        #expect(answer.status == 400)
        #expect(answer.detail.contains(reason), "\(answer.detail)")
        #expect(harness.engine.state.withLock { $0.appendCalls } == 0)
    }

    @Test func theLastEpochAndSequenceAreValid() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let fields = try Self.fields(String(repeating: "~", count: 249), "32767", "2147483647")
        let answer = await send(harness, from: fields)
        #expect(answer.status == 200)
        #expect(answer.headers[try #require(.init("Producer-Seq"))] == "2147483647")
        let sent = harness.engine.state.withLock { $0.appends.last?.producer }
        #expect(sent?.epoch == .max && sent?.sequence == .max && sent?.principal == .anonymous)
    }

    @Test func aDuplicateAnswersTheFirstOffsets() async throws {
        let harness = Harness()
        try await harness.topic("orders", partitions: 4)
        let first = try await send(harness, from: Self.fields())
        let again = try await send(harness, from: Self.fields())
        #expect(try first.json()["duplicate"] == nil)
        #expect(try again.json()["duplicate"] == .bool(true))
        #expect(again.status == 200)
        for index in 0..<2 {
            let (one, two) = (try first.json()["results"]?[index], try again.json()["results"]?[index])
            #expect(one?["offset"] == two?["offset"] && one?["partition"] == two?["partition"])
            #expect(one?["timestamp"] != nil && two?["timestamp"] == nil)
        }
        let lines = try await send(harness, "{\"value\":1}", type: "application/x-ndjson", from: Self.fields("q"))
        let linesAgain = try await send(harness, "{\"value\":1}", type: "application/x-ndjson", from: Self.fields("q"))
        #expect(try lines.json()["partitions"] == linesAgain.json()["partitions"])
        #expect(try linesAgain.json()["duplicate"] == .bool(true))
    }

    @Test func routingIsAFunctionOfTheRequest() async throws {
        let harness = Harness()
        try await harness.topic("orders", partitions: 64)
        func targets() -> [Int32] {
            harness.engine.state.withLock { $0.appends.last?.items.map(\.target.partition.value) ?? [] }
        }
        var seen: Set<Int32> = []
        for sequence in 0..<20 {
            let fields = try Self.fields("p", "0", "\(sequence)")
            _ = await send(harness, "{\"records\":[{\"value\":1},{\"value\":2}]}", from: fields)
            let first = targets()
            _ = await send(harness, "{\"records\":[{\"value\":1},{\"value\":2}]}", from: fields)
            #expect(first == targets() && first.count == 1)
            seen.formUnion(first)
        }
        #expect(seen.count > 8)
        // As docs/http-api.md says: murmur2 over the id and the sequence as four bytes, big-endian.
        let bytes = Array("p".utf8) + [0, 0, 0, 19]
        #expect(targets() == [bytes.withUnsafeBytes { Murmur2.partition(key: $0, count: 64) }.value])
    }

    static let refusals: [(BrokerError, Int, String, Bool, Bool)] = [
        (.producerFenced(current: 5), 403, "producer-fenced", false, true),
        (.producerSequenceGap(expected: 119, received: 121), 409, "producer-sequence-gap", false, true),
        (.producerUnknown(received: 121), 409, "producer-sequence-gap", false, false),
        (.producerDuplicateUnknown("gone"), 409, "duplicate-unknown", false, false),
        (.producerSequenceReused(7), 422, "idempotency-key-reused", false, true),
        (.tooManyProducers("full"), 429, "too-many-producers", true, true),
    ]

    @Test(arguments: refusals.indices)
    func everyRefusalHasItsCode(index: Int) async throws {
        let (error, status, code, isRetryable, hasNoSideEffects) = Self.refusals[index]
        let harness = Harness()
        try await harness.topic("orders")
        harness.engine.set { $0.appendError = error }
        let answer = await send(harness, from: try Self.fields("p", "4", "121"))
        #expect(answer.status == status)
        #expect(answer.code == code)
        #expect(try answer.json()["retryable"] == .bool(isRetryable))
        #expect(try answer.json()["noSideEffects"] == .bool(hasNoSideEffects))
        switch error {
        case .producerSequenceGap:
            #expect(answer.headers[try #require(.init("Producer-Expected-Seq"))] == "119")
            #expect(answer.headers[try #require(.init("Producer-Received-Seq"))] == "121")
            #expect(try answer.json()["expected"] == .integer(119))
        case .producerUnknown: #expect(try answer.json()["expected"] == .integer(0))
        case .producerFenced: #expect(answer.headers[try #require(.init("Producer-Epoch"))] == "5")
        case .tooManyProducers: #expect(answer.headers[.retryAfter] != nil)
        default: break
        }
    }

    @Test func aConditionIsAboutOnePartition() async throws {
        let harness = Harness()
        try await harness.topic("orders", partitions: 2)
        for (query, reason) in [
            ("?expectedOffset=0", "name it with partition="),
            ("?expectedOffset=x&partition=0", "expectedOffset is a whole number"),
            ("?expectedOffset=-1&partition=0", "expectedOffset is a whole number"),
        ] {
            let answer = await harness.produce("orders", "{\"value\":1}", query: query)
            #expect(answer.status == 400 && answer.detail.contains(reason), "\(answer.detail)")
        }
        let elsewhere = await harness.produce(
            "orders",
            "{\"value\":1},{\"value\":1,\"partition\":1}",
            query: "?expectedOffset=0&partition=0"
        )
        #expect(elsewhere.status == 400 && elsewhere.detail.contains("names partition 1"), "\(elsewhere.detail)")
        #expect(harness.engine.state.withLock { $0.appendCalls } == 0)
        #expect(
            await harness.produceLines("orders", "{\"value\":1}", query: "?expectedOffset=7&partition=1").status == 200
        )
        #expect(harness.engine.state.withLock { $0.appends.last?.items.map(\.expectedOffset) } == [Offset(7)])
    }

    @Test func aConditionThatDoesNotHoldTellsTheEnd() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        harness.engine.set {
            $0.appendError = .expectedOffset(
                TopicPartition(topic, .zero),
                expected: Offset(3),
                actual: Offset(9)
            )
        }
        let answer = await harness.produce("orders", "{\"value\":1}", query: "?expectedOffset=3&partition=0")
        #expect(answer.status == 412)
        #expect(answer.code == "precondition-failed")
        #expect(try answer.json()["actual"] == .integer(9))
        #expect(try answer.json()["noSideEffects"] == .bool(true))
    }
}
