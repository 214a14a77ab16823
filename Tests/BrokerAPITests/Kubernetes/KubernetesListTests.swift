import HTTPTypes
import NIOCore
import RecordFormat
import Testing

@testable import BrokerAPI

/// Lists of the Kubernetes facade.
@Suite(.timeLimit(.minutes(2))) struct KubernetesListTests {
    @Test(arguments: [1, 2, 5, 0])
    func pagesTogetherAreTheWholeListOfAllNamespaces(limit: Int) async throws {
        let test = try await KubernetesHarness.start()
        for namespace in ["ann", "zoe"] { try await test.topic("namespaces/\(namespace)/topics/prices") }
        var wanted: [String] = []
        for namespace in ["ann", "default", "zoe"] {
            for number in 0..<(namespace == "zoe" ? 1 : 4) {
                let item = "/v1/namespaces/\(namespace)/collections/prices/k\(number)"
                await test.api.send(.put, item, #"{"value":1}"#)
                wanted.append("\(namespace)/k\(number)")
            }
        }
        var (found, versions): ([String], Set<String>) = ([], [])
        var next = ""
        repeat {
            let target = "/apis/millrace.dev/v1/prices?limit=\(limit)&continue=\(next)"
            let page = try await test.send(.get, target).json()
            #expect(page["kind"] == .string("PricesList"))
            for item in page["items"]?.array ?? [] {
                let metadata = item["metadata"]
                found.append("\(metadata?["namespace"]?.string ?? "")/\(metadata?["name"]?.string ?? "")")
            }
            versions.insert(page["metadata"]?["resourceVersion"]?.string ?? "")
            next = page["metadata"]?["continue"]?.string ?? ""
            // What is written meanwhile belongs to no page.
            for namespace in ["ann", "zoe"] {
                await test.api.send(.put, "/v1/namespaces/\(namespace)/collections/prices/new", #"{"value":1}"#)
            }
        } while !next.isEmpty
        #expect(found == wanted)
        #expect(versions.count == 1 && versions.first?.split(separator: ".").count == 3)
    }

    @Test func keysThatAreNoNamesAreListedAndNotAddressable() async throws {
        let test = try await KubernetesHarness.start()
        let binary = #"{"keyBase64":"/wA=","value":1},{"key":"a/b","value":1},{"key":"%base64:_wA","value":1}"#
        #expect(await test.api.produce("prices", binary).status == 200)
        let items = try await test.send(.get, "?limit=10").json()["items"]?.array ?? []
        let names = items.map { $0["metadata"]?["name"]?.string ?? "" }
        #expect(names == ["%base64:_wA", "a/b", "%base64:JWJhc2U2NDpfd0E"])
        for name in ["a%2Fb", "%25base64:_wA"] { #expect(await test.send(.get, name).isStatus(400, "BadRequest")) }
        #expect(Set(items.compactMap { $0["metadata"]?["uid"]?.string }).count == 3)
    }

    @Test func oneNameIsFoundAtOnceAndAtAVersionToWatchFrom() async throws {
        let test = try await KubernetesHarness.start()
        for name in ["a", "b", "c"] { await test.create(name, "1", metadata: #","labels":{"l":"\#(name)"}"#) }
        await test.send(.delete, "c")
        func list(_ selector: String) async throws -> (names: [String], version: String?) {
            let list = try await test.send(.get, "?limit=1&fieldSelector=\(selector)").json()
            #expect(list["metadata"]?["continue"] == nil)
            let names = list["items"]?.array.compactMap { $0["metadata"]?["name"]?.string } ?? []
            return (names, list["metadata"]?["resourceVersion"]?.string)
        }
        let version = try await test.collections.version()
        for (selector, names) in [
            ("metadata.name%3Db", ["b"]), ("metadata.name%3Dc", []), ("metadata.name%3Dnone", []),
            ("metadata.name%3Db&labelSelector=l%3Db", ["b"]), ("metadata.name%3Db&labelSelector=l%3Da", []),
            ("metadata.name%3Db,metadata.namespace%3Dother", []), ("metadata.name%3Db,metadata.name%3Da", []),
        ] as [(String, [String])] {
            let found = try await list(selector)
            #expect(found.names == names && found.version == version, "\(selector) \(found)")
        }
    }

    @Test func aListWithoutALimitIsWholeOrBrokenOff() async throws {
        let test = try await KubernetesHarness.start()
        let records = (0..<2100).map { #"{"key":"k\#($0)","value":\#($0)}"# }.joined(separator: ",")
        #expect(await test.api.produce("prices", records).status == 200)
        let whole = try await test.send(.get, KubernetesHarness.prices).json()
        #expect(Set(whole["items"]?.array.compactMap { $0["value"]?.integer } ?? []).count == 2100)
        #expect(whole["metadata"]?["resourceVersion"] == .string(try await test.collections.version()))

        guard case .stream(var stream) = await test.api.reply(.get, KubernetesHarness.prices).body else {
            Issue.record("the list comes in one piece")
            return
        }
        var text = String(buffer: try #require(await stream.next()))
        #expect(await test.api.send(.delete, "/v1/topics/prices").status == 204)
        while let piece = await stream.next() { text += String(buffer: piece) }
        #expect(stream.failure == .notFound)
        // What is not the whole list is no JSON.
        #expect(throws: (any Error).self) { try JSON(text) }
        await stream.close()
    }

    @Test func aTableHasRowsOfNameVersionAndAge() async throws {
        let test = try await KubernetesHarness.start()
        let made = await test.create("AAPL", "1")
        let table = try await test.send(.get, "?limit=500", accept: "\(KubernetesHarness.table),application/json")
            .json()
        #expect(table["kind"] == .string("Table") && table["apiVersion"] == .string("meta.k8s.io/v1"))
        #expect(table["columnDefinitions"]?.array.compactMap { $0["name"]?.string } == ["Name", "Version", "Age"])
        let row = table["rows"]?[0]
        let version = try #require(made.metadata("resourceVersion"))
        #expect(row?["cells"]?[0] == .string("AAPL") && row?["cells"]?[1] == version)
        #expect(row?["object"]?["kind"] == .string("PartialObjectMetadata"))
        #expect(row?["object"]?["metadata"]?["uid"] == made.metadata("uid"))
        #expect(row?["object"]?["value"] == nil)
        let whole = try await test.send(.get, "?includeObject=Object", accept: KubernetesHarness.table).json()
        #expect(whole["rows"]?[0]?["object"]?["value"] == .integer(1))
        let bare = try await test.send(.get, "?includeObject=None", accept: KubernetesHarness.table).json()
        #expect(bare["rows"]?[0]?["object"] == nil)
        let one = try await test.send(.get, "AAPL", accept: KubernetesHarness.table).json()
        #expect(one["rows"]?.array.count == 1 && one["metadata"]?["resourceVersion"] == version)
        let metadata = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
        let partial = try await test.send(.get, KubernetesHarness.prices, accept: metadata).json()
        #expect(partial["kind"] == .string("PartialObjectMetadataList") && partial["items"]?[0]?["value"] == nil)
        #expect(
            await test.send(.get, "?includeObject=All", accept: KubernetesHarness.table).isStatus(400, "BadRequest")
        )
    }

    @Test func theVersionAskedForIsThereOrRefused() async throws {
        let test = try await KubernetesHarness.start()
        await test.create("a", "1")
        let whole = await test.send(.get, KubernetesHarness.prices)
        let version = try #require(whole.metadata("resourceVersion")?.string.flatMap { Int64($0) })
        func list(_ query: String) async -> Harness.Answer { await test.send(.get, "?\(query)") }
        for query in [
            "resourceVersion=0", "resourceVersion=\(version)", "resourceVersion=",
            "resourceVersion=\(version)&resourceVersionMatch=Exact",
            "resourceVersion=\(version - 1)&resourceVersionMatch=NotOlderThan",
        ] { #expect(await list(query).status == 200, "\(query)") }
        let early = await list("resourceVersion=\(version + 1)&resourceVersionMatch=NotOlderThan")
        #expect(early.isStatus(504, "Timeout"))
        #expect(try early.json()["details"]?["causes"]?[0]?["reason"] == .string("ResourceVersionTooLarge"))
        #expect(await list("resourceVersion=\(version - 1)&resourceVersionMatch=Exact").isStatus(410, "Expired"))
        #expect(await list("resourceVersion=x").isStatus(400, "BadRequest"))
        #expect(await list("resourceVersion=1&resourceVersionMatch=Nearly").isStatus(400, "BadRequest"))
        #expect(await list("continue=x").isStatus(400, "BadRequest"))
        #expect(await list("continue=ff.0.0").isStatus(410, "Expired"))
        #expect(await list("continue=ff.0.0_ff.0.0").isStatus(410, "Expired"))
        #expect(await list("continue=done.1.00000000").isStatus(410, "Expired"))
        #expect(await list("limit=-1").isStatus(400, "BadRequest"))
    }

    @Test(
        arguments: [
            (-5, "0s"), (999, "0s"), (119_000, "119s"), (120_000, "2m"), (125_000, "2m5s"), (600_000, "10m"),
            (10_800_000, "3h"), (11_100_000, "3h5m"), (90_000_000, "25h"), (180_000_000, "2d2h"),
            (691_200_000, "8d"), (64_000_000_000, "2y10d"), (300_000_000_000, "9y"),
        ] as [(Int64, String)]
    )
    func agesAreShortAndLikeThoseOfKubernetes(_ milliseconds: Int64, _ text: String) {
        #expect(KubernetesTable.age(milliseconds) == text)
    }
}
