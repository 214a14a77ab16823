import HTTPTypes
import Testing

@testable import BrokerAPI

/// Values that Kubernetes' clients cannot read as JSON.
@Suite(.timeLimit(.minutes(2))) struct KubernetesValueTests {
    private static let merge = "application/merge-patch+json"

    @Test(arguments: ["1e999", "-1E+400", "1\(String(repeating: "0", count: 400))", "179769313486231580e292"])
    func aNumberThatNoDoubleHoldsIsRefusedAndItsPlaceIsTold(_ number: String) async throws {
        let test = try await KubernetesHarness.start()
        let made = await test.create("p", #"{"a":1,"b":[0,{"c":\#(number)}]}"#)
        #expect(made.isStatus(400, "BadRequest") && made.text.contains("value.b[1].c is "), "\(made.text)")
        #expect(await test.create("p", number).isStatus(400, "BadRequest"))
        await test.create("p", "1")
        #expect(await test.send(.put, "p", KubernetesHarness.object("p", number)).isStatus(400, "BadRequest"))
        let patch = #"{"value":{"x":\#(number)}}"#
        #expect(await test.send(.patch, "p", patch, type: Self.merge).isStatus(400, "BadRequest"))
        #expect(try await test.send(.get, "p").json()["value"] == .integer(1))
    }

    @Test(arguments: ["179769313486231570e291", "-1e-999", "0.1", #""1e999""#, #"{"1e999":"-1e999\\\""}"#, "1e15"])
    func otherValuesAreTaken(_ value: String) async throws {
        let test = try await KubernetesHarness.start()
        let made = await test.create("p", value)
        #expect(made.status == 201 && made.text.contains(#""value":\#(value)"#), "\(made.text)")
    }

    /// One such record must not take the whole list from clients that cannot read it.
    @Test func suchANumberThatWasProducedIsShownAsBytes() async throws {
        let test = try await KubernetesHarness.start()
        #expect(await test.api.produce("prices", #"{"key":"p","value":{"a":1e999}}"#).status == 200)
        await test.create("q", "1")
        let items = try await test.send(.get, KubernetesHarness.prices).json()["items"]?.array ?? []
        #expect(items.map { $0["value"] } == [nil, .integer(1)])
        // {"a":1e999}
        #expect(items.first?["valueBase64"] == .string("eyJhIjoxZTk5OX0="))
        let row = await test.send(.get, "p?includeObject=Object", accept: KubernetesHarness.table)
        #expect(!row.text.contains("1e999") && row.text.contains("eyJhIjoxZTk5OX0="))
        let changed = await test.send(.patch, "p", #"{"value":3}"#, type: Self.merge)
        #expect(try changed.json()["value"] == .integer(3))
        let bytes = try changed.json()["valueBase64"]
        #expect(bytes == nil && changed.headers[.warning] == nil)
    }

    @Test(arguments: ["/wA=", ""])
    func bytesAreLabelledAndPutBackAsTheyWereRead(_ bytes: String) async throws {
        let test = try await KubernetesHarness.start()
        #expect(await test.api.produce("prices", #"{"key":"b","valueBase64":"\#(bytes)"}"#).status == 200)
        let labels = #"{"metadata":{"labels":{"l":"1"}}}"#
        let labelled = await test.send(.patch, "b?fieldValidation=Strict", labels, type: Self.merge)
        #expect(
            labelled.status == 200 && labelled.metadata("labels") == .object(["l": .string("1")]),
            "\(labelled.text)"
        )
        #expect(try labelled.json()["valueBase64"] == .string(bytes))
        let again = await test.send(.put, "b", labelled.text)
        #expect(again.text == labelled.text)
        #expect(await test.send(.delete, "b").status == 200)
        let made = await test.create("b", "null,\"valueBase64\":\"\(bytes)\"")
        #expect(made.status == 201, "\(made.text)")
        #expect(try made.json()["valueBase64"] == .string(bytes))
        let wrong = await test.create("c", #"null,"valueBase64":"%""#)
        #expect(wrong.isStatus(400, "BadRequest") && wrong.text.contains("valueBase64"))
    }
}
