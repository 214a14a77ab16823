import MillraceClient
import Testing

/// Collections: pages, conditions, and a watch that loses its connection or its place.
@Suite struct CollectionTests {
    private func item(_ name: String, _ version: String, value: String = "1") -> String {
        #"{"metadata":{"name":"\#(name)","resourceVersion":"\#(version)","labels":{"a":"b"}},"value":\#(value)}"#
    }

    private func event(_ type: String, _ name: String, _ version: String) -> String {
        #"{"type":"\#(type)","object":\#(item(name, version))}"#
    }

    private func bookmark(_ version: String, isEndOfState: Bool = false) -> String {
        let mark = isEndOfState ? #","annotations":{"k8s.io/initial-events-end":"true"}"# : ""
        return #"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"\#(version)"\#(mark)}}}"#
    }

    private let end = #"{"type":"goodbye","reason":"timeout","reconnect":false,"retryAfterMs":0}"#
    private let gone =
        #"{"type":"ERROR","object":{"status":410,"code":"version-expired","detail":"d"}}"#

    /// What a watch tells, a word for each event.
    private func told(_ watch: CollectionWatch) async throws -> [String] {
        var words: [String] = []
        for try await event in watch {
            switch event {
            case .listing(let reason): words.append(reason == nil ? "listing" : "listing again")
            case .listed(let version): words.append("listed \(version)")
            case .change(let change): words.append("\(change.kind.rawValue) \(change.item.name ?? "?")")
            case .bookmark, .connected, .disconnected, .goodbye, .other: break
            }
        }
        return words
    }

    @Test func aWatchGoesOnAtTheLastVersionOfOnePartition() async throws {
        let first = ScriptedServer.stream([
            event("ADDED", "a", "10"), event("ADDED", "b", "7"), bookmark("12", isEndOfState: true),
            event("MODIFIED", "b", "13"),
        ])
        let second = ScriptedServer.stream([event("DELETED", "a", "14"), end])
        try await RequestTests.withClient([first, second]) { client, server in
            let words = try await told(
                client.watchItems(of: "c", CollectionOptions(labelSelector: "x=y"))
            )
            #expect(words == ["listing", "ADDED a", "ADDED b", "listed 12", "MODIFIED b", "DELETED a"])
            let requests = await server.requests
            let path = "GET /v1/collections/c?labelSelector=x%3Dy&watch=true&allowWatchBookmarks=true&"
            #expect(
                requests[0].hasPrefix(path + "sendInitialEvents=true&resourceVersionMatch=NotOlderThan ")
            )
            #expect(requests[1].hasPrefix(path + "resourceVersion=13 "))
        }
    }

    @Test func ofSeveralPartitionsOnlyABookmarkIsAPlaceAndNothingComesTwice() async throws {
        let first = ScriptedServer.stream([
            bookmark("10.3", isEndOfState: true), event("ADDED", "a", "0-11"), bookmark("11.3"),
            event("ADDED", "b", "1-14"), event("MODIFIED", "a", "0-12"),
        ])
        let second = ScriptedServer.stream([
            event("MODIFIED", "a", "0-12"), event("ADDED", "b", "1-14"), event("MODIFIED", "b", "1-15"),
            end,
        ])
        try await RequestTests.withClient([first, second]) { client, server in
            let words = try await told(client.watchItems(of: "c"))
            #expect(
                words == ["listing", "listed 10.3", "ADDED a", "ADDED b", "MODIFIED a", "MODIFIED b"]
            )
            #expect(await server.requests[1].contains("resourceVersion=11.3 "))
        }
    }

    @Test func aVersionThatIsGoneBringsTheStateAgain() async throws {
        let answers = [
            ScriptedServer.stream([event("ADDED", "a", "10"), bookmark("10", isEndOfState: true)]),
            RequestTests.problem(status: "410 Gone", code: "version-expired", retryable: false),
            ScriptedServer.stream([bookmark("90", isEndOfState: true), gone]),
            ScriptedServer.stream([event("ADDED", "z", "95"), bookmark("95", isEndOfState: true), end]),
        ]
        try await RequestTests.withClient(answers) { client, server in
            let words = try await told(client.watchItems(of: "c"))
            #expect(
                words == [
                    "listing", "ADDED a", "listed 10", "listing again", "listed 90", "listing again",
                    "ADDED z",
                    "listed 95",
                ]
            )
            #expect(await server.requests.count == 4)
        }
    }

    /// However it breaks off: whoever counts on the word would keep what is gone meanwhile.
    @Test(arguments: [nil, #"{"type":"goodbye","reason":"drain","reconnect":true,"retryAfterMs":0}"#])
    func aStateThatBreaksOffBeginsAnew(goodbye: String?) async throws {
        let answers = [
            ScriptedServer.stream([event("ADDED", "a", "10")] + (goodbye.map { [$0] } ?? [])),
            ScriptedServer.stream([event("ADDED", "a", "10"), bookmark("10", isEndOfState: true), end]),
        ]
        try await RequestTests.withClient(answers) { client, _ in
            let words = try await told(client.watchItems(of: "c"))
            #expect(words == ["listing", "ADDED a", "listing again", "ADDED a", "listed 10"])
        }
    }

    @Test func aRefusalIsAnError() async throws {
        let refusal = RequestTests.problem(
            status: "404 Not Found",
            code: "topic-not-found",
            retryable: false
        )
        let broken = #"{"type":"ERROR","object":{"status":500,"code":"corrupt","detail":"d"}}"#
        for answer in [refusal, ScriptedServer.stream([broken])] {
            try await RequestTests.withClient([answer]) { client, _ in
                let error = await #expect(throws: MillraceError.self) {
                    try await told(client.watchItems(of: "c"))
                }
                #expect(["topic-not-found", "corrupt"].contains(error?.problem?.code))
            }
        }
    }

    @Test func pagesAreFollowedByTheirPlace() async throws {
        let first =
            #"{"metadata":{"resourceVersion":"12","continue":"9.0.4"},"items":[\#(item("a", "10"))]}"#
        let second =
            #"{"metadata":{"resourceVersion":"12"},"items":[\#(item("b", "12", value: "{\"x\":[1]}"))]}"#
        try await RequestTests.withClient([first, second].map { ScriptedServer.answer("200 OK", $0) }) {
            client,
            server in
            let page = try await client.items(
                of: "c",
                CollectionOptions(fieldSelector: "value.x=1"),
                limit: 1
            )
            #expect(page.items.first?.name == "a" && page.resourceVersion == "12" && page.next == "9.0.4")
            let last = try await client.items(of: "c", after: page.next)
            #expect(last.next == nil && last.items.first?.valueText == "{\"x\":[1]}")
            #expect(last.items.first?.labels == ["a": "b"])
            #expect(
                await server.requests[0].hasPrefix(
                    "GET /v1/collections/c?fieldSelector=value.x%3D1&limit=1 "
                )
            )
            #expect(await server.requests[1].hasPrefix("GET /v1/collections/c?continue=9.0.4 "))
        }
    }

    @Test func aWriteCarriesItsConditionAndItsLabels() async throws {
        let answer = ScriptedServer.answer("200 OK", item("a/b", "11"))
        try await RequestTests.withClient([answer, answer]) { client, server in
            let put = try await client.putItem(
                "a/b",
                of: "c",
                value: Array(#"{"bid":1}"#.utf8),
                labels: ["tier": "gold"],
                if: .version("10")
            )
            #expect(put.resourceVersion == "11")
            try await client.deleteItem("a/b", of: "c", if: .exists)
            let requests = await server.requests
            #expect(requests[0].hasPrefix("PUT /v1/collections/c/a%2Fb "))
            #expect(requests[0].contains("If-Match: \"10\"\r\n"))
            #expect(requests[0].hasSuffix(#"{"metadata":{"labels":{"tier":"gold"}},"value":{"bid":1}}"#))
            #expect(
                requests[1].hasPrefix("DELETE /v1/collections/c/a%2Fb ")
                    && requests[1].contains("If-Match: *\r\n")
            )
        }
    }

    @Test(arguments: ["", "x", "1,\"metadata\":{}", "1}{", "1 2"])
    func whatIsNotOneValueIsNotSent(value: String) async throws {
        try await RequestTests.withClient([]) { client, server in
            let error = await #expect(throws: MillraceError.self) {
                try await client.putItem("a", of: "c", value: Array(value.utf8))
            }
            guard case .invalidArgument = error else {
                return #expect(Bool(false), "\(String(describing: error))")
            }
            #expect(await server.requests.isEmpty)
        }
    }
}
