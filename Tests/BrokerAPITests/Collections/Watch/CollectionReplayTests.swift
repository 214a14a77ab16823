import BrokerTestSupport
import Testing

@testable import BrokerAPI

/// A list and a watch from its version, at whatever moment, with whatever selector, in every framing, through restarts and
/// compaction, come to what a list shows at the end.
@Suite(.timeLimit(.minutes(2))) struct CollectionReplayTests {
    private static let framings = ["ndjson", "json", "sse"]
    /// Each of them wants the item with which a watch is told to be at its end.
    private static let selectors = [
        "", "labelSelector=tier%3Dgold", "labelSelector=tier%20in%20(gold,silver),!gone", "fieldSelector=value.n%3D1",
        "fieldSelector=value.n%3D1,metadata.name!%3Dk1&labelSelector=tier", "labelSelector=tier&as=patch", "prev=true",
    ]

    @Test(arguments: 0..<6, [1, 3])
    func everyWatchComesToTheStateThatAListShows(seed: UInt64, partitions: Int) async throws {
        var random = SplitMix64(seed: seed)
        var test = try await CollectionHarness.start(partitions: partitions)
        var starts: [(query: String, version: String, items: [String: JSON])] = []
        for step in 0..<50 {
            try await Self.change(test, &random)
            if step % 20 == 19 {
                test =
                    try await Bool.random(using: &random)
                    ? test.restarted(partitions: partitions) : test.compacted(partitions: partitions)
            }
            guard step % 7 == 0 else { continue }
            let selector = Self.selectors.randomElement(using: &random) ?? ""
            let (items, version) = try await Self.list(test, selector)
            let framing = Self.framings.randomElement(using: &random) ?? ""
            starts.append(("watch=true&framing=\(framing)&\(selector)", version, items))
        }
        await test.item(.put, "end", #"{"value":{"n":1},"metadata":{"labels":{"tier":"gold"}}}"#)
        var followed = 0
        for start in starts {
            let query = "\(start.query)&resourceVersion=\(start.version)"
            let answer = await test.api.reply(.get, "/v1/collections/prices?\(query)")
            // Compaction may have taken changes away: then there is no watch, never one that misses some.
            if answer.status == .gone { continue }
            if case .stream(var stream) = answer.body { await stream.close() }
            var watch = try await WatchedCollection(test, query)
            let events = try await watch.read { $0.name == "end" }
            await watch.close()
            if events.contains(where: { $0.type == "ERROR" }) { continue }
            let expected = try await Self.list(test, Self.selector(of: start.query)).items
            #expect(try Self.replay(events, from: start.items) == expected, "seed \(seed): \(query)")
            followed += 1
        }
        #expect(followed > 0, "seed \(seed)")
        for framing in Self.framings {
            for selector in Self.selectors {
                var watch = try await WatchedCollection(test, "watch=true&framing=\(framing)&\(selector)")
                let events = try await watch.read { $0.type == "BOOKMARK" }
                await watch.close()
                #expect(try Self.replay(events, from: [:]) == (try await Self.list(test, selector).items))
            }
        }
        await test.stop()
    }

    private static func selector(of query: String) -> String {
        query.split(separator: "&").filter { $0.contains("Selector=") }.joined(separator: "&")
    }

    private static func change(_ test: CollectionHarness, _ random: inout SplitMix64) async throws {
        let key = "k\(Int.random(in: 0..<6, using: &random))"
        if Int.random(in: 0..<4, using: &random) == 0 {
            await test.item(.delete, key)
            return
        }
        let tier = ["gold", "silver", "none"].randomElement(using: &random) ?? ""
        let gone = Bool.random(using: &random) ? #","gone":"x""# : ""
        let labels = Bool.random(using: &random) ? #","metadata":{"labels":{"tier":"\#(tier)"\#(gone)}}"# : ""
        let more = Int.random(in: 0..<1000, using: &random)
        let value =
            #"{"n":\#(Int.random(in: 0..<2, using: &random)),"more":[1,2,\#(more)],"same":"always the same text"}"#
        #expect([200, 201].contains(await test.item(.put, key, #"{"value":\#(value)\#(labels)}"#).status))
    }

    private static func list(_ test: CollectionHarness, _ query: String) async throws -> (
        items: [String: JSON], version: String
    ) {
        var items: [String: JSON] = [:]
        let page = try await test.api.send(.get, "/v1/collections/prices?\(selector(of: query))").json()
        for item in page["items"]?.array ?? [] { items[item["metadata"]?["name"]?.string ?? "?"] = item }
        return (items, try #require(page["metadata"]?["resourceVersion"]?.string))
    }

    /// What a client comes to that follows; it notes whatever does not follow from what it has.
    private static func replay(_ events: [WatchedCollection.Event], from start: [String: JSON]) throws -> [String: JSON]
    {
        var items = start
        for event in events {
            guard let name = event.name else { continue }
            switch event.type {
            case "ADDED":
                #expect(items[name] == nil, "\(name) is there")
                items[name] = event.object
            case "MODIFIED":
                let before = try #require(items[name], "\(name) is not there")
                items[name] = try patched(before, event.object)
            case "DELETED":
                let before = try #require(items[name], "\(name) is not there")
                #expect(before["value"] == event.object["value"])
                items[name] = nil
            default: break
            }
            if let prev = event.whole["prev"], event.type == "MODIFIED" { #expect(prev["value"] != nil) }
        }
        return items
    }

    private static func patched(_ before: JSON, _ object: JSON) throws -> JSON {
        guard let patch = object["patch"] else { return object }
        #expect(object["previousResourceVersion"] == before["metadata"]?["resourceVersion"])
        var value = before["value"] ?? .null
        for operation in patch.array { value = try Self.apply(operation, to: value) }
        return .object(["metadata": object["metadata"] ?? .null, "value": value])
    }

    private static func apply(_ operation: JSON, to value: JSON) throws -> JSON {
        let path = try #require(operation["path"]?.string).split(separator: "/").map(String.init)
        return try change(value, path[...]) { _ in operation["op"] == .string("remove") ? nil : operation["value"] }
    }

    /// Another reading of RFC 6902 than the broker's, as far as it makes patches.
    private static func change(_ value: JSON, _ path: ArraySlice<String>, _ new: (JSON?) -> JSON?) throws -> JSON {
        guard let name = path.first else { return try #require(new(value)) }
        let isLast = path.count == 1
        switch value {
        case .object(var fields):
            let inner = fields[name]
            fields[name] = isLast ? new(inner) : try change(try #require(inner), path.dropFirst(), new)
            return .object(fields)
        case .array(var elements):
            let index = try #require(Int(name))
            if !isLast {
                elements[index] = try change(elements[index], path.dropFirst(), new)
            } else if let element = new(nil) {
                if index < elements.count { elements[index] = element } else { elements.append(element) }
            } else {
                elements.remove(at: index)
            }
            return .array(elements)
        default:
            Issue.record("a path leads into \(value)")
            return value
        }
    }
}
