import MillraceClient
import Testing

/// Requests and refusals, over real sockets.
@Suite struct RequestTests {
    /// Delays short enough that a test need not wait for them.
    static var configuration: ClientConfiguration {
        var configuration = ClientConfiguration()
        configuration.backoff = Backoff(initial: .milliseconds(1), max: .milliseconds(2))
        return configuration
    }

    static func withClient(
        _ answers: [String],
        configuration: ClientConfiguration = configuration,
        _ body: (MillraceClient, ScriptedServer) async throws -> Void
    ) async throws {
        try await ScriptedServer.run(answers) { address, server in
            try await MillraceClient.withClient(server: address, configuration: configuration) { client in
                try await body(client, server)
            }
        }
    }

    static func problem(status: String, code: String, retryable: Bool, noSideEffects: Bool = true) -> String {
        ScriptedServer.answer(
            status,
            #"{"type":"/problems/x","title":"T","status":1,"detail":"what to do","code":"\#(code)","#
                + #""retryable":\#(retryable),"noSideEffects":\#(noSideEffects)}"#,
            type: "application/problem+json"
        )
    }

    static let produced = ScriptedServer.answer(
        "200 OK",
        #"{"partitions":[{"partition":0,"baseOffset":5,"endOffset":7,"count":2}],"durability":"flushed"}"#
    )

    @Test func aTopicIsDecodedAndKeptAsText() async throws {
        let json =
            #"{"topic":"a","namespace":"default","id":"ff","partitions":1,"#
            + #""offsets":[{"partition":0,"logStartOffset":0,"visibleOffset":3,"sizeBytes":9}]}"#
        try await Self.withClient([ScriptedServer.answer("200 OK", json)]) { client, server in
            let answer = try await client.topic("a b/c")
            #expect(answer.json == json)
            #expect(answer.value.offsets?.first?.visibleOffset == 3)
            #expect(await server.requests[0].hasPrefix("GET /v1/topics/a%20b%2Fc HTTP/1.1\r\n"))
        }
    }

    @Test func aRefusalCarriesTheProblem() async throws {
        let answer = Self.problem(status: "409 Conflict", code: "conflict", retryable: false)
        try await Self.withClient([answer]) { client, _ in
            let error = await #expect(throws: MillraceError.self) { try await client.createTopic("a", partitions: 2) }
            let problem = try #require(error?.problem)
            #expect(problem.status == 409)
            #expect(problem.code == "conflict")
            #expect(problem.detail == "what to do")
            #expect(!problem.isRetryable && problem.hasNoSideEffects)
        }
    }

    @Test func aLimitThatIsTakenAwayIsNull() async throws {
        let json =
            #"{"topic":"a","id":"ff","partitions":3,"cleanup":"delete","retentionBytes":null,"retentionSeconds":60}"#
        try await Self.withClient([ScriptedServer.answer("200 OK", json)]) { client, server in
            var settings = TopicSettings(partitions: 3)
            settings.retentionBytes = .unlimited
            settings.retentionSeconds = .atMost(60)
            let topic = try await client.updateTopic("a", settings).value
            #expect(topic.retentionBytes == nil && topic.retentionSeconds == 60 && topic.cleanup == "delete")
            let request = try #require(await server.requests.first)
            #expect(request.hasPrefix("PATCH /v1/topics/a HTTP/1.1\r\n"))
            #expect(request.contains(#""retentionBytes":null"#) && request.contains(#""retentionSeconds":60"#))
            #expect(!request.contains("cleanup"))
        }
    }

    @Test func aForeignRefusalIsCautious() async throws {
        try await Self.withClient([ScriptedServer.answer("502 Bad Gateway", "<html>")]) { client, _ in
            let error = await #expect(throws: MillraceError.self) { try await client.topics() }
            let problem = try #require(error?.problem)
            #expect(problem.status == 502 && problem.detail == "<html>")
            #expect(!problem.hasNoSideEffects && !problem.isRetryable)
        }
    }

    @Test func nothingListens() async throws {
        // A port that had a listener a moment ago, and has none any more.
        var address = ""
        try await ScriptedServer.run([]) { listening, _ in address = listening }
        let closed = address
        let error = await #expect(throws: MillraceError.self) {
            try await MillraceClient.withClient(server: closed) { client in _ = try await client.topics() }
        }
        #expect(error == .unreachable(server: closed, reason: "connection refused"))
    }

    @Test func anAddressWithoutSchemeIsRefused() {
        #expect(throws: MillraceError.self) { try MillraceClient(server: "127.0.0.1:8080") }
    }

    @Test func productionIsRepeatedWhenNothingWasStored() async throws {
        let busy = Self.problem(status: "429 Too Many Requests", code: "quota-exceeded", retryable: true)
        try await Self.withClient([busy, busy, Self.produced]) { client, server in
            let summary = try await client.produce("t", [NewRecord(key: "k", value: 1), NewRecord(value: 2)])
            #expect(summary.records == 2)
            #expect(summary.ranges.first?.first == 5 && summary.ranges.first?.end == 7)
            #expect(await server.requests.count == 3)
        }
    }

    @Test func productionIsNotRepeatedWhenItsOutcomeIsUnknown() async throws {
        let unknown = Self.problem(
            status: "503 Service Unavailable",
            code: "outcome-unknown",
            retryable: true,
            noSideEffects: false
        )
        for answer in [unknown, ""] {
            try await Self.withClient([answer, Self.produced]) { client, server in
                await #expect(throws: MillraceError.self) { try await client.produce("t", [NewRecord(value: 1)]) }
                #expect(await server.requests.count == 1)
            }
        }
    }

    @Test func linesGoInBoundedRequestsOnceEach() async throws {
        var configuration = Self.configuration
        configuration.requestBytesMax = 12
        let answers = [String](repeating: Self.produced, count: 4)
        try await Self.withClient(answers, configuration: configuration) { client, server in
            var producer = client.lineProducer("t", .values(key: "/id"))
            try await producer.write(Array("\"aaa\"\n\n\"bb".utf8))
            try await producer.write(Array("b\"\n\"a line longer than all\"\n\"d\"".utf8))
            try await producer.finish()
            #expect(producer.summary.records == 4)
            #expect(producer.requestLines == 5...5)
            let requests = await server.requests
            #expect(requests.allSatisfy { $0.hasPrefix("POST /v1/topics/t/records?as=values&key=%2Fid ") })
            #expect(requests.count == 4)
        }
    }

    @Test func aPageIsRecordsAndACursor() async throws {
        let lines = [
            #"{"type":"record","topic":"t","partition":0,"offset":4,"key":"k","value":{"a":[1,"}"]}}"#,
            "", #"{"type":"bookmark","cursor":"c9","caughtUp":true,"lag":0}"#,
            #"{"type":"goodbye","reason":"end","reconnect":false,"retryAfterMs":0}"#,
        ]
        try await Self.withClient([ScriptedServer.stream(lines)]) { client, server in
            let page = try await client.read("t", ReadOptions(from: "4", limit: 10, partition: 0))
            #expect(page.next == "c9" && page.caughtUp)
            #expect(page.records.map(\.offset) == [4])
            #expect(page.records.first?.valueText == #"{"a":[1,"}"]}"#)
            let request = await server.requests[0]
            #expect(request.hasPrefix("GET /v1/topics/t/partitions/0/records?limit=10&offset=4 "))
        }
    }
}
