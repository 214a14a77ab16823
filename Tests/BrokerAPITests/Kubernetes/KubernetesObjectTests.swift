import HTTPTypes
import Testing

@testable import BrokerAPI

/// Single objects of the Kubernetes facade.
@Suite(.timeLimit(.minutes(2))) struct KubernetesObjectTests {
    private static let merge = "application/merge-patch+json"

    @Test func anObjectIsMadeReadChangedAndDeleted() async throws {
        let test = try await KubernetesHarness.start()
        #expect(await test.send(.get, "AAPL").isStatus(404, "NotFound"))
        let labels = #","labels":{"tier":"gold"},"annotations":{"by":"desk 7"}"#
        let made = await test.create("AAPL", #"{"bid":18.50}"#, metadata: labels)
        #expect(made.status == 201, "\(made.text)")
        let json = try made.json()
        #expect(json["kind"] == .string("Prices") && json["apiVersion"] == .string("millrace.dev/v1"))
        #expect(json["metadata"]?["namespace"] == .string("default"))
        #expect(json["metadata"]?["annotations"] == .object(["by": .string("desk 7")]))
        #expect(json["metadata"]?["creationTimestamp"]?.string?.count == 20)
        let uid = try #require(json["metadata"]?["uid"]?.string)
        #expect(uid.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
        #expect(await test.create("AAPL", "1").isStatus(409, "AlreadyExists"))
        #expect(await test.send(.get, "AAPL").text == made.text)
        // It is the same item, whichever way it is asked for.
        let item = try await test.collections.item(.get, "AAPL").json()
        #expect(item["metadata"]?["resourceVersion"] == json["metadata"]?["resourceVersion"])
        #expect(item["metadata"]?["annotations"] == json["metadata"]?["annotations"])

        let replaced = await test.send(.put, "AAPL", KubernetesHarness.object("AAPL", "7"))
        #expect(replaced.status == 200 && replaced.metadata("uid") == .string(uid))
        #expect(replaced.metadata("labels") == nil)
        #expect(replaced.metadata("resourceVersion") != made.metadata("resourceVersion"))
        let gone = await test.send(.delete, "AAPL", #"{"kind":"DeleteOptions","propagationPolicy":"Background"}"#)
        #expect(gone.status == 200)
        #expect(try gone.json()["status"] == .string("Success"))
        #expect(try gone.json()["details"]?["uid"] == .string(uid))
        #expect(await test.send(.delete, "AAPL").isStatus(404, "NotFound"))
        #expect(await test.send(.put, "AAPL", KubernetesHarness.object("AAPL", "7")).isStatus(404, "NotFound"))
    }

    @Test func aPatchChangesWhatItNames() async throws {
        let test = try await KubernetesHarness.start()
        await test.create("a", #"{"x":1,"y":2}"#)
        let merged = await test.send(
            .patch,
            "a?fieldManager=kubectl-patch",
            #"{"metadata":{"labels":{"l":"1"}},"value":{"x":null}}"#,
            type: Self.merge
        )
        #expect(merged.status == 200, "\(merged.text)")
        #expect(try merged.json()["value"] == .object(["y": .integer(2)]))
        #expect(merged.metadata("labels") == .object(["l": .string("1")]))
        let operation = #"[{"op":"replace","path":"/value/y","value":[3]}]"#
        let patched = await test.send(.patch, "a", operation, type: "application/json-patch+json")
        #expect(try patched.json()["value"] == .object(["y": .array([.integer(3)])]))
        // A change that is none makes no version.
        let same = await test.send(.patch, "a", #"{"value":{"y":[3]}}"#, type: Self.merge)
        #expect(same.text == patched.text)
        let failing = #"[{"op":"test","path":"/value/y","value":4}]"#
        let failed = await test.send(.patch, "a", failing, type: "application/json-patch+json")
        #expect(failed.isStatus(422, "Invalid"))
        // Of what is invalid clients show the causes alone.
        let told = try failed.json()
        let cause = told["details"]?["causes"]?[0]?["message"]
        #expect(cause?.string?.contains("operation") == true && cause == told["message"], "\(failed.text)")
        for type in ["application/apply-patch+yaml", "application/strategic-merge-patch+json", "text/plain"] {
            #expect(await test.send(.patch, "a", "{}", type: type).isStatus(415, "UnsupportedMediaType"), "\(type)")
        }
        #expect(await test.send(.patch, "b", "{}", type: Self.merge).isStatus(404, "NotFound"))
    }

    @Test func conditionsHoldOrAreAConflict() async throws {
        let test = try await KubernetesHarness.start()
        let made = await test.create("a", "1")
        let version = try #require(made.metadata("resourceVersion")?.string)
        let changed = KubernetesHarness.object("a", "2", metadata: #","resourceVersion":"\#(version)""#)
        #expect(await test.send(.put, "a", changed).status == 200)
        let answer = await test.send(.put, "a", changed)
        #expect(answer.isStatus(409, "Conflict"))
        #expect(try answer.json()["details"]?["name"] == .string("a"))
        #expect(try answer.json()["details"]?["kind"] == .string("prices"))
        let patch = #"{"metadata":{"resourceVersion":"\#(version)"},"value":3}"#
        #expect(await test.send(.patch, "a", patch, type: Self.merge).isStatus(409, "Conflict"))
        let foreign = KubernetesHarness.object("a", "2", metadata: #","uid":"other""#)
        #expect(await test.send(.put, "a", foreign).isStatus(409, "Conflict"))
        for condition in [#""uid":"other""#, #""resourceVersion":"1""#] {
            let options = #"{"preconditions":{\#(condition)}}"#
            #expect(await test.send(.delete, "a", options).isStatus(409, "Conflict"))
        }
        let uid = try #require(made.metadata("uid")?.string)
        #expect(await test.send(.delete, "a", #"{"preconditions":{"uid":"\#(uid)"}}"#).status == 200)
        #expect(await test.create("a", "1", metadata: #","resourceVersion":"1""#).isStatus(400, "BadRequest"))
    }

    @Test func aDryRunStoresNothing() async throws {
        let test = try await KubernetesHarness.start()
        let wish = await test.create("a", "1", query: "?dryRun=All")
        #expect(wish.status == 201 && wish.metadata("resourceVersion") == nil && wish.metadata("uid") != nil)
        #expect(await test.send(.get, "a").status == 404)
        let made = await test.create("a", "1")
        let patched = await test.send(.patch, "a?dryRun=All", #"{"value":2}"#, type: Self.merge)
        #expect(try patched.json()["value"] == .integer(2))
        #expect(await test.send(.delete, "a", #"{"dryRun":["All"]}"#).status == 200)
        #expect(await test.send(.delete, "a?dryRun=All").status == 200)
        #expect(await test.send(.get, "a").text == made.text)
        #expect(await test.create("b", "1", query: "?dryRun=Some").isStatus(400, "BadRequest"))
        #expect(await test.create("a", "1", query: "?dryRun=All").isStatus(409, "AlreadyExists"))
    }

    @Test func unknownFieldsAreToldRefusedOrPassedOver() async throws {
        let test = try await KubernetesHarness.start()
        let object = #"{"metadata":{"name":"a","managedFields":[],"colour":"red"},"spec":{},"value":1}"#
        let strict = await test.send(.post, "?fieldValidation=Strict", object)
        #expect(strict.isStatus(400, "BadRequest"))
        #expect(strict.text.contains("spec") && strict.text.contains("metadata.colour"))
        let told = await test.send(.post, KubernetesHarness.prices, object)
        #expect(told.status == 201)
        #expect(told.headers[values: .warning].first == #"299 - "unknown field \"spec\"""#)
        #expect(await test.send(.delete, "a").status == 200)
        let silent = await test.send(.post, "?fieldValidation=Ignore", object)
        #expect(silent.status == 201 && silent.headers[.warning] == nil)
        let patched = await test.send(.patch, "a", #"{"spec":3}"#, type: Self.merge)
        #expect(patched.status == 200)
        #expect(patched.headers[values: .warning] == [#"299 - "unknown field \"spec\"""#])
    }

    @Test(
        arguments: [
            ("{", 400, "BadRequest"), ("[]", 400, "BadRequest"), (#"{"metadata":{"name":"x"}}"#, 422, "Invalid"),
            (#"{"metadata":{"name":"x"},"value":null}"#, 422, "Invalid"), (#"{"value":1}"#, 422, "Invalid"),
            (#"{"metadata":{"name":"a/b"},"value":1}"#, 422, "Invalid"),
            (#"{"metadata":{"name":".."},"value":1}"#, 422, "Invalid"),
            (#"{"metadata":{"name":"x","finalizers":["f"]},"value":1}"#, 422, "Invalid"),
            (#"{"metadata":{"name":"x","labels":{"a":1}},"value":1}"#, 400, "BadRequest"),
            (#"{"metadata":{"name":"x","namespace":"other"},"value":1}"#, 400, "BadRequest"),
            (#"{"kind":"Pod","metadata":{"name":"x"},"value":1}"#, 400, "BadRequest"),
            (#"{"apiVersion":"v1","metadata":{"name":"x"},"value":1}"#, 400, "BadRequest"),
        ] as [(String, Int, String)]
    )
    func whatIsNoObjectIsRefused(_ body: String, _ code: Int, _ reason: String) async throws {
        let test = try await KubernetesHarness.start()
        let answer = await test.send(.post, KubernetesHarness.prices, body)
        #expect(answer.isStatus(code, reason), "\(answer.text)")
    }

    @Test func aNameIsChosenWhereOneIsAskedFor() async throws {
        let test = try await KubernetesHarness.start()
        let made = await test.send(.post, KubernetesHarness.prices, #"{"metadata":{"generateName":"run-"},"value":1}"#)
        #expect(made.metadata("name")?.string?.wholeMatch(of: /run-[a-z0-9]{5}/) != nil, "\(made.text)")
    }

    @Test func everyRefusalIsAStatus() async throws {
        let test = try await KubernetesHarness.start()
        #expect(await test.send(.get, "/apis/apps/v1").isStatus(404, "NotFound"))
        #expect(await test.send(.get, "/api/v1/pods").isStatus(404, "NotFound"))
        #expect(await test.send(.delete, KubernetesHarness.prices).isStatus(405, "MethodNotAllowed"))
        #expect(await test.send(.get, "a?x=1").isStatus(400, "BadRequest"))
        #expect(await test.send(.get, "a%2Fb").isStatus(400, "BadRequest"))
        #expect(await test.send(.get, "%zz").isStatus(400, "BadRequest"))
        #expect(await test.send(.get, "a", accept: "application/yaml").isStatus(406, "NotAcceptable"))
        #expect(
            await test.send(.post, KubernetesHarness.prices, "a: 1", type: "application/yaml")
                .isStatus(415, "UnsupportedMediaType")
        )
        let large = "\"\(String(repeating: "x", count: 1 << 20))\""
        #expect(await test.create("a", large).isStatus(413, "RequestEntityTooLarge"))
        let nowhere = await test.send(.get, "/apis/millrace.dev/v1/namespaces/team/trades")
        #expect(nowhere.isStatus(404, "NotFound") && nowhere.text.contains("team"))
        try await test.topic("topics/wide", #"{"cleanup":"compact","partitions":2}"#)
        let wide = await test.send(.get, "/apis/millrace.dev/v1/wide")
        #expect(wide.isStatus(404, "NotFound") && wide.text.contains("2 partitions"))
    }
}
