import MillraceClient
import Testing

/// A producer's requests are sent again under their number, over real sockets.
@Suite struct ProducerTests {
    private static let duplicate = ScriptedServer.answer(
        "200 OK",
        #"{"partitions":[{"partition":0,"baseOffset":5,"endOffset":6,"count":1}],"duplicate":true,"durability":"flushed"}"#
    )
    private static let unknown = RequestTests.problem(
        status: "503 Service Unavailable",
        code: "outcome-unknown",
        retryable: true,
        noSideEffects: false
    )
    private static let gap = RequestTests.problem(
        status: "409 Conflict",
        code: "producer-sequence-gap",
        retryable: false,
        noSideEffects: false
    )

    private func field(_ name: String, of request: String) -> String? {
        request.split(separator: "\r\n").first { $0.hasPrefix("\(name): ") }.map {
            String($0.dropFirst(name.count + 2))
        }
    }

    @Test func aLostAnswerIsAskedForAgainUnderTheSameNumber() async throws {
        let lost = ["", Self.unknown, ScriptedServer.answer("504 Gateway Timeout", "<html>")]
        try await RequestTests.withClient(lost + [Self.duplicate, RequestTests.produced]) { client, server in
            var producer = Producer(id: "checkout-3", epoch: 4)
            let summary = try await client.produce("t", [NewRecord(value: 1)], as: &producer)
            #expect(summary.ranges.map(\.first) == [5])
            try await client.produce("t", [NewRecord(value: 2)], as: &producer)
            let requests = await server.requests
            #expect(requests.map { field("Producer-Seq", of: $0) } == ["0", "0", "0", "0", "1"])
            #expect(requests.allSatisfy { field("Producer-Id", of: $0) == "checkout-3" })
            #expect(requests.allSatisfy { field("Producer-Epoch", of: $0) == "4" })
            #expect(Set(requests.prefix(4).map { $0.split(separator: "\r\n\r\n").last }).count == 1)
        }
    }

    @Test func whenAllAttemptsFailTheNumberStaysTheNextOne() async throws {
        var configuration = RequestTests.configuration
        configuration.attemptsMax = 2
        try await RequestTests.withClient(["", "", Self.duplicate], configuration: configuration) { client, server in
            var producer = Producer(id: "p", epoch: 0)
            let error = await #expect(throws: MillraceError.self) {
                try await client.produce("t", [NewRecord(value: 1)], as: &producer)
            }
            #expect(error?.isOutcomeUnknown == true)
            try await client.produce("t", [NewRecord(value: 1)], as: &producer)
            #expect(await server.requests.map { field("Producer-Seq", of: $0) } == ["0", "0", "0"])
        }
    }

    @Test func topicsHaveTheirOwnNumbers() async throws {
        let answers = [String](repeating: RequestTests.produced, count: 3)
        try await RequestTests.withClient(answers) { client, server in
            var producer = Producer()
            for topic in ["a", "b", "a"] { try await client.produce(topic, [NewRecord(value: 1)], as: &producer) }
            let requests = await server.requests
            #expect(requests.map { field("Producer-Seq", of: $0) } == ["0", "0", "1"])
            #expect(Set(requests.compactMap { field("Producer-Id", of: $0) }).count == 1)
        }
    }

    @Test func aForgottenProducerOfARandomNameTakesAnother() async throws {
        let answers = [RequestTests.produced, Self.gap, RequestTests.produced]
        try await RequestTests.withClient(answers) { client, server in
            var lines = client.lineProducer("t", .records, as: Producer())
            try await lines.write(Array("{}\n".utf8))
            try await lines.flush()
            try await lines.write(Array("{}\n".utf8))
            try await lines.finish()
            #expect(lines.summary.records == 2)
            let requests = await server.requests
            #expect(requests.map { field("Producer-Seq", of: $0) } == ["0", "1", "0"])
            #expect(Set(requests.compactMap { field("Producer-Id", of: $0) }).count == 2)
        }
    }

    @Test func aForgottenProducerNeverRetriesUnderAnotherName() async throws {
        try await RequestTests.withClient(["", Self.gap, RequestTests.produced]) { client, server in
            var producer = Producer()
            let error = await #expect(throws: MillraceError.self) {
                try await client.produce("t", [NewRecord(value: 1)], as: &producer)
            }
            #expect(error?.problem?.code == "producer-sequence-gap")
            #expect(await server.requests.count == 2)
        }
        try await RequestTests.withClient([Self.gap, RequestTests.produced]) { client, server in
            var named = Producer(id: "p", epoch: 0)
            await #expect(throws: MillraceError.self) {
                try await client.produce("t", [NewRecord(value: 1)], as: &named)
            }
            #expect(await server.requests.count == 1)
        }
    }
}
