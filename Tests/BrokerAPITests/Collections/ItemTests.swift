import HTTPTypes
import Testing

@testable import BrokerAPI

/// Single items of collections.
@Suite(.timeLimit(.minutes(2))) struct ItemTests {
    @Test func whoAsksForACollectionThatIsNotThereIsToldHowToMakeOne() async throws {
        let test = try await CollectionHarness.start()
        let answer = await test.api.send(.put, "/v1/collections/orders/u1", #"{"value":1}"#)
        #expect(answer.status == 404)
        let problem = try answer.json()
        let detail = problem["detail"]?.string
        #expect(detail?.hasSuffix(#"create it with PUT /v1/topics/orders {"cleanup":"compact"}"#) == true)
        #expect(problem["create"]?["body"]?.string == #"{"cleanup":"compact"}"#)
        await test.stop()
    }

    @Test func anItemIsMadeReadChangedAndDeleted() async throws {
        let test = try await CollectionHarness.start()
        #expect(await test.item(.get, "AAPL").code == "item-not-found")
        let made = await test.item(.put, "AAPL", #"{"value": {"bid": 18.50}, "metadata":{"labels":{"tier":"gold"}}}"#)
        #expect(made.status == 201)
        let metadata = try #require(try made.json()["metadata"])
        #expect(metadata["name"] == .string("AAPL"))
        #expect(metadata["labels"] == .object(["tier": .string("gold")]))
        let version = try #require(metadata["resourceVersion"]?.string)
        #expect(made.headers[.eTag] == "\"\(version)\"")
        #expect(made.text.contains(#""value":{"bid":18.50}"#))

        let read = await test.item(.get, "AAPL")
        #expect(read.status == 200 && read.text == made.text)
        let changed = await test.item(.put, "AAPL", #"{"value":7}"#)
        #expect(changed.status == 200)
        #expect(try changed.json()["metadata"]?["labels"] == nil)
        #expect(try changed.json()["metadata"]?["creationTimestamp"] == metadata["creationTimestamp"])
        #expect(await test.item(.delete, "AAPL").status == 204)
        #expect(await test.item(.get, "AAPL").status == 404)
        #expect(await test.item(.delete, "AAPL").code == "item-not-found")
    }

    @Test func whatIsProducedToTheTopicIsAnItem() async throws {
        let test = try await CollectionHarness.start()
        await test.api.produce("prices", #"{"key":"a/b ü","value":[1,2],"headers":{"label.tier":"gold","other":"x"}}"#)
        let item = await test.item(.get, "a%2Fb%20%C3%BC")
        #expect(try item.json()["metadata"]?["name"] == .string("a/b ü"))
        #expect(try item.json()["metadata"]?["labels"] == .object(["tier": .string("gold")]))
        await test.api.send(
            .post,
            "/v1/topics/prices/records",
            "no JSON",
            type: "text/plain",
            headers: [.recordKey: "raw"]
        )
        #expect(try await test.item(.get, "raw").json()["valueBase64"] == .string("bm8gSlNPTg=="))
        await test.api.produce("prices", #"{"key":"a/b ü","value":null}"#)
        #expect(await test.item(.get, "a%2Fb%20%C3%BC").status == 404)
    }

    @Test func aConditionIsHeldTo() async throws {
        let test = try await CollectionHarness.start()
        func put(_ body: String, _ name: HTTPField.Name, _ value: String) async -> Harness.Answer {
            await test.item(.put, "a", body, headers: [name: value])
        }
        let none = await put(#"{"value":1}"#, .ifMatch, "*")
        #expect(none.status == 412 && none.code == "version-conflict")
        #expect(try none.json()["resourceVersion"] == .null)
        let first = try #require(await put(#"{"value":1}"#, .ifNoneMatch, "*").headers[.eTag])
        #expect(await put(#"{"value":2}"#, .ifNoneMatch, "*").status == 412)
        let second = try #require(await put(#"{"value":2}"#, .ifMatch, "\"x\", \(first)").headers[.eTag])
        let late = await put(#"{"value":3}"#, .ifMatch, first)
        #expect(late.status == 412)
        #expect(try late.json()["resourceVersion"]?.string.map { "\"\($0)\"" } == second)
        #expect(await put(#"{"value":3}"#, .ifMatch, "bare").status == 400)
        let named = #"{"value":3,"metadata":{"name":"a","resourceVersion":\#(first)}}"#
        #expect(await test.item(.put, "a", named).status == 412)
        #expect(await test.item(.delete, "a", headers: [.ifMatch: first]).status == 412)
        #expect(await test.item(.delete, "a", headers: [.ifMatch: second]).status == 204)
    }

    /// RFC 9110, 13.1.1: without a current representation `If-Match` does not hold, whatever the method.
    @Test func aConditionOfWhatIsNotThereDoesNotHold() async throws {
        let test = try await CollectionHarness.start()
        for (method, type) in [(.put, nil), (.patch, "application/merge-patch+json"), (.delete, nil)]
            as [(HTTPRequest.Method, String?)]
        {
            for tag in ["*", "\"1\""] {
                let answer = await test.item(method, "none", #"{"value":1}"#, type: type, headers: [.ifMatch: tag])
                #expect(answer.status == 412 && answer.code == "version-conflict", "\(method) \(answer.text)")
                #expect(try answer.json()["resourceVersion"] == .null)
            }
            guard method != .put else { continue }
            let answer = await test.item(method, "none", #"{"value":1}"#, type: type, headers: [.ifNoneMatch: "*"])
            #expect(answer.code == "item-not-found", "\(method) \(answer.text)")
        }
        #expect(await test.item(.get, "none").status == 404)
    }

    @Test(arguments: [
        ("", "not valid JSON"), ("[1]", "not a JSON object"), (#"{"metadata":{}}"#, "no value"),
        (#"{"value":null}"#, "no value"), (#"{"value":1,"spec":2}"#, "spec"),
        (#"{"value":1,"metadata":{"name":"b"}}"#, "another item"),
        (#"{"value":1,"metadata":{"labels":[]}}"#, "labels"),
        (#"{"value":1,"metadata":{"labels":{"x":1}}}"#, "labels.x"),
        (#"{"value":1,"metadata":{"uid":1}}"#, "uid"),
    ])
    func aWrongBodyIsRefused(_ body: String, _ reason: String) async throws {
        let test = try await CollectionHarness.start()
        let answer = await test.item(.put, "a", body)
        #expect(answer.status == 400 && answer.detail.contains(reason), "\(answer.text)")
        #expect(await test.item(.get, "a").status == 404)
    }

    @Test func aPatchChangesTheItem() async throws {
        let test = try await CollectionHarness.start()
        await test.item(.put, "a", #"{"value":{"n":1,"list":[1,2]},"metadata":{"labels":{"x":"1"}}}"#)
        let merge = #"{"value":{"n":null,"m":{"k":true}},"metadata":{"labels":{"x":null,"y":"2"}}}"#
        let merged = await test.item(.patch, "a", merge, type: "application/merge-patch+json")
        #expect(merged.status == 200)
        #expect(merged.text.contains(#""value":{"list":[1,2],"m":{"k":true}}"#), "\(merged.text)")
        #expect(try merged.json()["metadata"]?["labels"] == .object(["y": .string("2")]))
        let operations =
            #"[{"op":"test","path":"/metadata/name","value":"a"},{"op":"add","path":"/value/list/-","value":3}]"#
        let patched = await test.item(.patch, "a", operations, type: "application/json-patch+json")
        #expect(patched.text.contains(#""list":[1,2,3]"#), "\(patched.text)")
    }

    @Test(
        arguments: [
            ("application/json-patch+json", #"[{"op":"remove","path":"/value/zz"}]"#, 422, "patch-failed"),
            ("application/json-patch+json", #"[{"op":"test","path":"/value","value":8}]"#, 422, "patch-failed"),
            ("application/json-patch+json", #"[{"op":"grow","path":"/value"}]"#, 400, "invalid-request"),
            ("application/json-patch+json", #"[{"op":"remove","path":"/value"}]"#, 400, "invalid-request"),
            ("application/json-patch+json", #"{"#, 400, "invalid-request"),
            ("application/merge-patch+json", #"{"value":null}"#, 400, "invalid-request"),
            ("application/merge-patch+json", #"{"metadata":{"name":"b"}}"#, 400, "invalid-request"),
            ("application/merge-patch+json", #"{"metadata":{"resourceVersion":"1"}}"#, 412, "version-conflict"),
            ("application/json", #"{"value":2}"#, 415, "unsupported-media-type"),
        ] as [(String, String, Int, String)]
    )
    func aPatchThatCannotBeAppliedChangesNothing(_ type: String, _ patch: String, _ status: Int, _ code: String)
        async throws
    {
        let test = try await CollectionHarness.start()
        let before = await test.item(.put, "a", #"{"value":7}"#).text
        let answer = await test.item(.patch, "a", patch, type: type)
        #expect(answer.status == status && answer.code == code, "\(answer.text)")
        #expect(await test.item(.get, "a").text == before)
        #expect(await test.item(.patch, "none", #"{"value":1}"#, type: "application/merge-patch+json").status == 404)
    }

    @Test func aTopicThatKeepsAllRecordsIsNoCollection() async throws {
        let test = try await CollectionHarness.start()
        try await test.api.topic("orders")
        #expect(await test.api.send(.get, "/v1/collections/orders").code == "collection-not-found")
        #expect(await test.api.send(.get, "/v1/collections/orders/a").code == "collection-not-found")
        #expect(await test.api.send(.put, "/v1/collections/orders/a", #"{"value":1}"#).code == "collection-not-found")
        #expect(await test.api.send(.get, "/v1/collections/none").code == "topic-not-found")
        let all = try await test.api.send(.get, "/v1/collections").json()
        #expect(all["collections"]?.array.compactMap { $0["collection"]?.string } == ["prices"])
    }
}
