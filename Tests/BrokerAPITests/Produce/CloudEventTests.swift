import HTTPTypes
import NIOCore
import RecordFormat
import Testing

@Suite struct CloudEventTests {
    private static let event = #"{"specversion":"1.0","id":"a1","source":"/shop","type":"order.placed""#

    private func send(
        _ harness: Harness,
        _ body: String,
        type: String? = "application/cloudevents+json; charset=utf-8",
        _ headers: [String: String] = [:]
    ) async throws -> Harness.Answer {
        var fields: HTTPFields = [:]
        for (name, value) in headers { fields[try #require(HTTPField.Name(name))] = value }
        return await harness.send(.post, "/v1/topics/orders/records", body, type: type, headers: fields)
    }

    private func headers(_ record: DecodedRecord) -> [String] {
        record.headers.map { "\(String(buffer: $0.name))=\($0.value.map { String(buffer: $0) } ?? "null")" }
    }

    @Test func aStructuredEventIsARecordAsInKafkasBinding() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        let answer = try await send(
            harness,
            Self.event
                + """
                ,"time":"2026-11-21T10:00:00Z","partitionkey":"u1","datacontenttype":"application/json",
                "tries":3,"last":true,"gone":null,"data":{"state":
                "placed"}}
                """
        )
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try answer.json()["results"]?[0]?["offset"] == .integer(0))
        let record = try #require(try harness.engine.records(topic).first)
        #expect(record.keyText == "u1")
        #expect(record.valueText == #"{"state": "placed"}"#)
        #expect(
            headers(record) == [
                "ce_specversion=1.0", "ce_id=a1", "ce_source=/shop", "ce_type=order.placed",
                "ce_time=2026-11-21T10:00:00Z", "content-type=application/json", "ce_tries=3", "ce_last=true",
            ]
        )
    }

    private static let data: [(String, [UInt8]?)] = [
        (#","data_base64":"AAH/"}"#, [0, 1, 255]),
        (#","datacontenttype":"text/plain","data":"a\nb"}"#, Array("a\nb".utf8)),
        (#","datacontenttype":"application/geo+json","data":"a"}"#, Array(#""a""#.utf8)),
        (#","data":[1]}"#, Array("[1]".utf8)),
        (#","data":null}"#, nil),
        ("}", nil),
    ]

    @Test(arguments: data)
    func theDataIsTheValue(rest: String, value: [UInt8]?) async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        let answer = try await send(harness, Self.event + rest)
        #expect(answer.status == 200, "\(answer.text)")
        let record = try #require(try harness.engine.records(topic).first)
        #expect(record.value.map { Array($0.readableBytesView) } == value)
        #expect(record.key == nil)
    }

    @Test func aBatchIsStoredWholeOrNotAtAll() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        let good = Self.event + #","data":1}"#
        let type = "application/cloudevents-batch+json"
        let bad = try await send(harness, #"[\#(good),{"id":"x"},\#(good),7]"#, type: type)
        #expect(bad.status == 400)
        #expect(try bad.json()["errorCount"] == .integer(2))
        #expect(try bad.json()["errors"]?[0]?["record"] == .integer(1))
        #expect(try bad.json()["errors"]?[1]?["record"] == .integer(3))
        #expect(try harness.engine.records(topic).isEmpty)
        #expect(try await send(harness, "[]", type: type).status == 400)
        #expect(try await send(harness, good, type: type).status == 400)
        let answer = try await send(harness, "[\(good),\(good)]", type: type)
        #expect(try answer.json()["results"]?[1]?["offset"] == .integer(1))
    }

    /// A value with one level more than there may be.
    private static let deep = String(repeating: "[", count: 513) + String(repeating: "]", count: 513)

    @Test func dataMayBeAsDeepAsAnyValueAndNoDeeper() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let value = String(Self.deep.dropFirst().dropLast())
        #expect(try await send(harness, Self.event + #","data":\#(value)}"#).status == 200)
        let type = "application/cloudevents-batch+json"
        let batch = try await send(harness, "[" + Self.event + #","data":\#(Self.deep)}]"#, type: type)
        #expect(batch.status == 400 && batch.detail.contains("data: "), "\(batch.detail)")
        #expect(try await send(harness, value, type: "application/json", Self.fields).status == 200)
        #expect(try await send(harness, Self.deep, type: "application/json", Self.fields).status == 400)
    }

    /// What the attributes of a sound event are followed by, and why it is refused.
    private static let unsoundEnds: [(String, String)] = [
        (#","time":"yesterday"}"#, "time is RFC 3339"),
        (#","Upper":1}"#, "no attribute of a CloudEvent"),
        (#","list":[1]}"#, "not a string, a whole number or a truth value"),
        (#","id":"again"}"#, "the attribute id is given twice"),
        (#","subject":7}"#, "the attribute subject is not a string"),
        (#","partitionkey":true}"#, "the attribute partitionkey is not a string"),
        (#","tries":1.5}"#, "the attribute tries is not a whole number"),
        (#","tries":1e2}"#, "the attribute tries is not a whole number"),
        (#","tries":2147483648}"#, "the attribute tries is not a whole number"),
        (#","data":"# + deep + "}", "data: "),
        (#","data":1,"data_base64":"AA=="}"#, "both given"),
        (#","data":1,"data":2}"#, "data is given twice"),
        (#","data_base64":"?"}"#, "data_base64"),
        ("", "not valid JSON"),
    ]

    @Test(arguments: unsoundEnds)
    func whatIsNoEventIsRefusedThere(rest: String, reason: String) async throws {
        try await whatIsNoEventIsRefused(body: Self.event + rest, reason: reason)
    }

    private static let unsound: [(String, String)] = [
        ("7", "is a JSON object"),
        ("{}", "needs the attributes specversion, id, source, type"),
        (#"{"specversion":"0.3","id":"a","source":"b","type":"c"}"#, "specversion is 1.0"),
        (#"{"specversion":1.0,"id":"a","source":"b","type":"c"}"#, "the attribute specversion is not a string"),
        (#"{"specversion":"1.0","id":7,"source":"b","type":"c"}"#, "the attribute id is not a string"),
        (#"{"specversion":"1.0","id":"","source":"b","type":"c"}"#, "the attribute id is empty"),
    ]

    @Test(arguments: unsound)
    func whatIsNoEventIsRefused(body: String, reason: String) async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        let answer = try await send(harness, body)
        #expect(answer.status == 400)
        #expect(answer.detail.contains(reason), "\(answer.detail)")
        #expect(answer.detail.contains("nothing was stored"))
        #expect(try harness.engine.records(topic).isEmpty)
    }

    /// Not as a record without its attributes.
    @Test(arguments: ["ce-specversion", "ce-id", "ce-source", "ce-type"])
    func anEventInFieldsWithoutARequiredOneIsRefused(missing: String) async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        var headers: HTTPFields = [:]
        for (name, value) in Self.fields where name != missing {
            headers[try #require(HTTPField.Name(name))] = value
        }
        let answer = await harness.send(
            .post,
            "/v1/topics/orders/records",
            "{}",
            type: "application/json",
            headers: headers
        )
        #expect(answer.status == 400 && answer.detail.contains(String(missing.dropFirst(3))), "\(answer.text)")
        #expect(try harness.engine.records(topic).isEmpty)
    }

    private static let fields = ["ce-specversion": "1.0", "ce-id": "a", "ce-source": "/s", "ce-type": "t"]

    @Test func binaryModeHasTheAttributesInFields() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        let more = Self.fields.merging(["ce-partitionkey": "u1", "ce-subject": "M%C3%BCnchen%20%22x%22"]) { $1 }
        #expect(try await send(harness, "{\"a\":\n1}", type: "application/json", more).status == 200)
        #expect(try await send(harness, "plain", type: "text/plain", Self.fields).status == 200)
        #expect(try await send(harness, "", type: nil, Self.fields).status == 200)
        let records = try harness.engine.records(topic)
        #expect(records.map(\.valueText) == [#"{"a": 1}"#, "plain", nil])
        #expect(records.map(\.keyText) == ["u1", nil, nil])
        #expect(headers(records[0]).contains(#"ce_subject=München "x""#))
        #expect(headers(records[0]).first == "content-type=application/json")
    }

    @Test func binaryModeIsRefusedWhereItIsNoEvent() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let noID = Self.fields.filter { $0.key != "ce-id" }
        #expect(try await send(harness, "1", type: nil, noID).detail.contains("needs the attributes id"))
        let escape = Self.fields.merging(["ce-subject": "%Z"]) { $1 }
        #expect(try await send(harness, "1", type: nil, escape).detail.contains("percent-encoded"))
        let name = Self.fields.merging(["ce-some-name": "x"]) { $1 }
        #expect(try await send(harness, "1", type: nil, name).detail.contains("no attribute"))
        #expect(try await send(harness, "{", type: "application/json", Self.fields).detail.contains("not valid JSON"))
        let keys = Self.fields.merging(["ce-partitionkey": "a", "Record-Key": "b"]) { $1 }
        #expect(try await send(harness, "1", type: nil, keys).detail.contains("given twice"))
        let other = try await send(harness, "<a/>", type: "application/cloudevents+xml")
        #expect(other.status == 415)
    }
}
