import MillraceClient
import Testing

/// A watch that loses its connection.
@Suite struct WatchTests {
    private func record(_ offset: Int) -> String {
        #"{"type":"record","topic":"t","partition":0,"offset":\#(offset),"value":\#(offset)}"#
    }

    private let end = #"{"type":"goodbye","reason":"end","reconnect":false,"retryAfterMs":0}"#

    private func offsets(_ watch: Watch) async throws -> [Int64] {
        var offsets: [Int64] = []
        for try await event in watch {
            if case .record(let record) = event { offsets.append(record.offset) }
        }
        return offsets
    }

    @Test func itGoesOnAtTheLastBookmarkAndRepeatsNothing() async throws {
        let first = ScriptedServer.stream([#"{"type":"bookmark","cursor":"c1"}"#, record(0), record(1)])
        // The line that was cut off is no line: it comes again.
        let second = ScriptedServer.stream([record(0), record(1), record(2)]) + #"{"type":"record","topic":"t","par"#
        let third = ScriptedServer.stream([record(0), record(1), record(2), record(3), end])
        try await RequestTests.withClient([first, second, third]) { client, server in
            let told = try await offsets(client.watch("t", ReadOptions(from: "latest")))
            #expect(told == [0, 1, 2, 3])
            let requests = await server.requests
            #expect(requests[0].hasPrefix("GET /v1/topics/t/records?watch=true&from=latest "))
            #expect(requests[1].hasPrefix("GET /v1/topics/t/records?watch=true&from=c1 "))
            #expect(requests.count == 3)
        }
    }

    @Test func itStopsAtItsLimit() async throws {
        let lines = (0..<5).map { record($0) }
        try await RequestTests.withClient([ScriptedServer.stream(lines)]) { client, _ in
            let told = try await offsets(client.watch("t", ReadOptions(limit: 2)))
            #expect(told == [0, 1])
        }
    }

    @Test func aGoodbyeThatAsksForItBringsItBack() async throws {
        let drain = #"{"type":"goodbye","reason":"drain","reconnect":true,"retryAfterMs":1}"#
        let answers = [ScriptedServer.stream([record(0), drain]), ScriptedServer.stream([record(1), end])]
        try await RequestTests.withClient(answers) { client, _ in
            let told = try await offsets(client.watch("t"))
            #expect(told == [0, 1])
        }
    }

    @Test func aRefusalAtFirstIsAnError() async throws {
        let refusal = RequestTests.problem(status: "404 Not Found", code: "topic-not-found", retryable: false)
        try await RequestTests.withClient([refusal]) { client, _ in
            let error = await #expect(throws: MillraceError.self) { try await offsets(client.watch("t")) }
            #expect(error?.problem?.code == "topic-not-found")
        }
    }

    @Test func anErrorInMidStreamIsThrown() async throws {
        let lines = [record(0), #"{"type":"error","problem":{"status":500,"code":"corrupt","detail":"d"}}"#]
        try await RequestTests.withClient([ScriptedServer.stream(lines)]) { client, _ in
            let error = await #expect(throws: MillraceError.self) { try await offsets(client.watch("t")) }
            #expect(error?.problem?.code == "corrupt")
        }
    }
}
