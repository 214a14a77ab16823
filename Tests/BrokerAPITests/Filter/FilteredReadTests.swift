import Foundation
import HTTPTypes
import NIOCore
import RecordFormat
import Testing

@testable import BrokerAPI

/// What filters mean, seen from outside.
@Suite struct FilteredReadTests {
    /// Offset 0 to 9; the last three are not marked as JSON.
    private static let records = [
        #"{"key":"u1","value":{"state":"paid","total":12,"tags":["a","b"]},"headers":{"ct":"v2"}}"#,
        #"{"key":"u2","value":{"state":"pl\u0061ced","total":12.0,"who":{"name":"A"}},"headers":{"ct":["v1","v2"]}}"#,
        #"{"key":"u3","value":{"state":null,"total":"12"}}"#, #"{"value":"paid"}"#,
        #"{"key":"","value":[{"state":"paid"}]}"#,
        #"{"key":"u1","value":null}"#, #"{"value":{"total":9007199254740993,"ok":true,"state":{"state":"paid"}}}"#,
    ]
    private static let raw = ["plain paid", "{\"state\":\n\"paid\"}", "null"]

    private func harness(_ change: (inout Limits) -> Void = { _ in }) async throws -> Harness {
        let harness = Harness(limits: change)
        try await harness.topic("orders")
        for record in Self.records { await harness.produce("orders", record) }
        for body in Self.raw { await harness.send(.post, "/v1/topics/orders/records", body, type: "text/plain") }
        return harness
    }

    @Test(
        arguments: [
            ("key=u1", [0, 5]), ("key!=u1", [1, 2, 3, 4, 6, 7, 8, 9]), ("key", [0, 1, 2, 4, 5]),
            ("!key", [3, 6, 7, 8, 9]),
            ("key=''", [4]), ("key in (u2,u3)", [1, 2]), ("key notin (u1,u2)", [2, 3, 4, 6, 7, 8, 9]),
            ("key^=u", [0, 1, 2, 5]),
            ("headers.ct=v2", [0, 1]), ("headers.ct=v1", [1]), ("headers.ct!=v1", [0, 2, 3, 4, 5, 6, 7, 8, 9]),
            ("headers.ct", [0, 1]), ("!headers.ct", [2, 3, 4, 5, 6, 7, 8, 9]), ("headers.ct^=v", [0, 1]),
            ("headers.CT", []),
            ("value.state=paid", [0, 8]), ("value.state=placed", [1]), ("value.state^=p", [0, 1, 8]),
            ("value.state=null", [2]),
            ("value.state", [0, 1, 2, 6, 8]), ("!value.state", [3, 4, 5, 7, 9]),
            ("value.state!=paid", [1, 2, 3, 4, 5, 6, 7, 9]),
            ("value.state.state=paid", [6]), ("value.state in (paid,null)", [0, 2, 8]), ("value.total=12", [0, 1, 2]),
            ("value.total=1.2e1", [0, 1]), ("value.total='12'", [2]), ("value.total=9007199254740993", [6]),
            ("value.total=9007199254740992", []), ("value.total^=1", [2]), ("value.ok=true", [6]),
            ("value.ok='true'", []),
            ("value.tags.1=b", [0]), ("value.tags=a", []), ("value.who.name=A", [1]), ("value.0.state=paid", [4]),
            ("value=paid", [3]), ("value='plain paid'", [7]), ("value^='plain '", [7]),
            ("value", [0, 1, 2, 3, 4, 6, 7, 8, 9]),
            ("!value", [5]), ("value=null", [9]), ("value.x", []), ("key=u1,value.state=paid", [0]),
            ("value.state=paid,key", [0]),
            ("value.state=paid,!key", [8]), ("value.state^=", nil),
        ] as [(String, [Int64]?)]
    )
    func finds(_ filter: String, _ offsets: [Int64]?) async throws {
        let answer = try await harness().send(.get, "/v1/topics/orders/records?filter=\(encoded(filter))")
        guard let offsets else { return #expect(answer.code == "invalid-filter") }
        let page = try answer.json()
        #expect(page["records"]?.array.compactMap { $0["offset"]?.integer } == offsets)
        #expect(page["next"] == .string("00000001:10"))
        #expect(page["caughtUp"] == .bool(true))
    }

    @Test func aFilterMeansTheSameInEveryFraming() async throws {
        let harness = try await harness()
        let query = "filter=\(encoded("value.state^=p"))&fields=/total,/who/name"
        let path = "/v1/topics/orders/records"
        let page = try await harness.send(.get, "\(path)?\(query)").json()
        let expected = try #require(page["records"]?.array)
        #expect(expected.count == 3)
        #expect(expected[1]["value"] == (try JSON(#"{"total":12.0,"who":{"name":"A"}}"#)))
        #expect(expected[2]["value"] == .object([:]))
        func lines(_ text: String) throws -> [JSON] {
            try text.split(separator: "\n").map { try JSON(String($0)) }.filter { $0["type"] == .string("record") }
                .map { $0.without("type") }
        }
        let paged = await harness.send(.get, "\(path)?\(query)&framing=ndjson").text
        let watched = await harness.send(.get, "\(path)?\(query)&watch=true&timeout=1").text
        let sse = SSEReader(await harness.send(.get, "\(path)?\(query)&framing=sse&timeout=1").text).events
        let onePartition = try await harness.send(.get, "/v1/topics/orders/partitions/0/records?\(query)").json()
        let several = try await harness.send(.get, "/v1/records?topics=orders&\(query)").json()
        #expect(try lines(paged) == expected)
        #expect(try lines(watched) == expected)
        #expect(try sse.filter { $0.type == "record" }.map { try JSON($0.data) } == expected)
        #expect(onePartition["records"]?.array == expected)
        #expect(several["records"]?.array == expected)
        let request = APIRequest(method: .get, target: "\(path)?\(query)&timeout=1")
        guard case .open(var stream) = await harness.api.converse(over: request, principal: .anonymous) else {
            return #expect(Bool(false), "not opened")
        }
        var text = ""
        while let piece = await stream.next() { text += String(buffer: piece) }
        #expect(try lines(text) == expected)
    }

    @Test(
        arguments: [
            ("/state", #"{"state":"paid"}"#, 0), ("/tags/1,/state", #"{"tags":[null,"b"],"state":"paid"}"#, 0),
            ("/nothing", "{}", 0),
            ("/state", #""paid""#, 3), ("/0/state", #"[{"state":"paid"}]"#, 4), ("/state", "null", 5),
            ("/state", #"{"state":"paid"}"#, 8),
        ] as [(String, String, Int)]
    )
    func projects(_ fields: String, _ value: String, _ offset: Int) async throws {
        let path = "/v1/topics/orders/partitions/0/records?offset=\(offset)&limit=1&fields=\(encoded(fields))"
        let text = try await harness().send(.get, path).text
        #expect(!text.contains("\n"))
        #expect(try JSON(text)["records"]?[0]?["value"] == (try JSON(value)))
    }

    @Test func aValueThatIsNotJSONStaysWhole() async throws {
        let record = try await harness().send(.get, "/v1/topics/orders/partitions/0/records?offset=7&fields=/a").json()
        #expect(record["records"]?[0]?["valueBase64"] == .string(Data("plain paid".utf8).base64EncodedString()))
    }

    @Test func limitsCountWhatIsDelivered() async throws {
        let harness = try await harness()
        let page = try await harness.send(.get, "/v1/topics/orders/records?filter=\(encoded("value.state"))&limit=2")
            .json()
        #expect(page["records"]?.array.compactMap { $0["offset"]?.integer } == [0, 1])
        #expect(page["next"] == .string("00000001:2"))
        #expect(page["caughtUp"] == .bool(false))
        let watch = await harness.send(.get, "/v1/topics/orders/records?filter=!value&limit=1&watch=true")
        let last = try #require(try watch.lines().last)
        #expect(last["reason"] == .string("limit"))
        #expect(try watch.lines().contains { $0["cursor"] == .string("00000001:6") })
    }

    @Test func badFiltersAreRefusedOnEveryRoute() async throws {
        let harness = try await harness()
        for path in [
            "/v1/topics/orders/records?", "/v1/topics/orders/partitions/0/records?", "/v1/records?topics=orders&",
        ] {
            let filter = await harness.send(.get, path + "filter=state%3Dpaid")
            #expect(filter.status == 400)
            #expect(filter.code == "invalid-filter")
            #expect(try filter.json()["position"] == .integer(0))
            let fields = await harness.send(.get, path + "framing=sse&fields=/a,b")
            #expect(fields.code == "invalid-fields")
            #expect(try fields.json()["position"] == .integer(3))
        }
        let request = APIRequest(method: .get, target: "/v1/topics/orders/records?filter=x")
        guard case .refused(let line, let code) = await harness.api.converse(over: request, principal: .anonymous)
        else {
            return #expect(Bool(false), "not refused")
        }
        #expect(code == 4400)
        #expect(try JSON(String(buffer: line))["problem"]?["code"] == .string("invalid-filter"))
    }

    @Test func aPageThatFindsNothingEndsAndTellsWhereToGoOn() async throws {
        let harness = try await harness { $0.pageScanBytesMax = ByteCount(60) }
        var from = "earliest"
        var pages = 0
        while true {
            let page = try await harness.send(.get, "/v1/topics/orders/records?filter=value.x&from=\(from)").json()
            #expect(page["records"]?.array.isEmpty == true)
            let next = try #require(page["next"]?.string)
            pages += 1
            if page["caughtUp"] == .bool(true) { break }
            #expect(page["lag"] == nil)
            #expect(next != from)
            from = next
        }
        #expect((4...10).contains(pages))
        let lines = try await harness.send(.get, "/v1/topics/orders/records?filter=value.x&framing=ndjson").lines()
        #expect(lines.map { $0["type"]?.string } == ["bookmark", "goodbye"])
        #expect(lines[1]["reason"] == .string("limit"))
        #expect(lines[0]["caughtUp"] == .bool(false))
    }

    @Test func creditCountsWhatIsDelivered() async throws {
        let harness = try await harness()
        let target = "/v1/topics/orders/records?from=earliest&timeout=1h&filter=\(encoded("value.state=paid"))"
        let request = APIRequest(method: .get, target: target)
        guard case .open(var stream) = await harness.api.converse(over: request, principal: .anonymous) else {
            return #expect(Bool(false), "not opened")
        }
        _ = await stream.commands.take(ByteBuffer(string: #"{"op":"credit","records":2}"#))
        var seen: [Int64] = []
        while seen.count < 2, let piece = await stream.next() {
            for line in String(buffer: piece).split(separator: "\n") {
                let json = try JSON(String(line))
                if json["type"] == .string("record") { seen.append(try #require(json["offset"]?.integer)) }
            }
        }
        #expect(seen == [0, 8])
        await stream.close()
    }

    private func encoded(_ text: String) -> String { percentEncoded(text) }
}

/// A text as the value of a query parameter.
func percentEncoded(_ text: String) -> String {
    text.utf8.map { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: String(UnicodeScalar(byte))
        default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }.joined()
}
