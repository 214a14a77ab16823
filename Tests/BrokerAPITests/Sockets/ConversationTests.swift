import BrokerCore
import NIOCore
import RecordFormat
import Testing

@testable import BrokerAPI

/// Conversations without a socket.
@Suite struct ConversationTests {
    private func open(_ harness: Harness, _ target: String) async throws -> any APIStream {
        let request = APIRequest(method: .get, target: target)
        guard case .open(let stream) = await harness.api.converse(over: request, principal: .anonymous) else {
            throw NotOpened()
        }
        return stream
    }

    private struct NotOpened: Error {}

    private func refusal(_ harness: Harness, _ target: String) async throws -> (JSON, Int) {
        let request = APIRequest(method: .get, target: target)
        guard case .refused(let line, let code) = await harness.api.converse(over: request, principal: .anonymous)
        else { throw NotOpened() }
        return (try JSON(String(buffer: line)), code)
    }

    private func lines(_ stream: inout any APIStream) async throws -> [JSON] {
        guard let piece = await stream.next() else { return [] }
        return try String(buffer: piece).split(separator: "\n").map { try JSON(String($0)) }
    }

    @Test func aWatchSpeaksTheObjectsOfNDJSON() async throws {
        let harness = Harness()
        await harness.send(.put, "/v1/topics/orders", "{}", type: "application/json")
        await harness.send(.post, "/v1/topics/orders/records", #"{"records":[{"value":1}]}"#, type: "application/json")
        var stream = try await open(harness, "/v1/topics/orders/records?from=earliest")
        #expect(try await lines(&stream).map { $0["type"] } == [.string("bookmark")])
        #expect(try await lines(&stream).map { $0["type"] } == [.string("record")])
        await stream.close()
    }

    @Test func recordsWaitForCreditAndNothingElseDoes() async throws {
        let harness = Harness()
        await harness.send(.put, "/v1/topics/orders", "{}", type: "application/json")
        let body = #"{"records":[{"value":1},{"value":2},{"value":3}]}"#
        await harness.send(.post, "/v1/topics/orders/records", body, type: "application/json")
        var stream = try await open(harness, "/v1/topics/orders/records?from=earliest&timeout=1h")
        guard case .nothing = await stream.commands.take(ByteBuffer(string: #"{"op":"credit","records":2}"#)) else {
            throw NotOpened()
        }
        _ = try await lines(&stream)
        let first = try await lines(&stream)
        #expect(first.map { $0["value"] } == [.integer(1), .integer(2)])
        // The third waits: what comes meanwhile is a heartbeat, or a bookmark in front of it.
        let held = try await lines(&stream) + lines(&stream) + lines(&stream)
        #expect(held.allSatisfy { $0["type"] == .string("bookmark") && $0["caughtUp"] == .bool(false) })
        _ = await stream.commands.take(ByteBuffer(string: #"{"op":"credit","records":2}"#))
        var rest: [JSON] = []
        while !rest.contains(where: { $0["type"] == .string("record") }) { rest += try await lines(&stream) }
        #expect(rest.compactMap { $0["value"] } == [.integer(3)])
        await stream.close()
    }

    @Test func aPausedWatchKeepsWhatItHasRead() async throws {
        let harness = Harness()
        await harness.send(.put, "/v1/topics/orders", "{}", type: "application/json")
        var stream = try await open(harness, "/v1/topics/orders/records?from=earliest&timeout=1h")
        _ = try await lines(&stream)
        _ = await stream.commands.take(ByteBuffer(string: #"{"op":"pause"}"#))
        await harness.send(.post, "/v1/topics/orders/records", #"{"records":[{"value":1}]}"#, type: "application/json")
        let held = try await lines(&stream) + lines(&stream)
        #expect(held.allSatisfy { $0["type"] != .string("record") })
        _ = await stream.commands.take(ByteBuffer(string: #"{"op":"resume"}"#))
        var rest: [JSON] = []
        while !rest.contains(where: { $0["type"] == .string("record") }) { rest += try await lines(&stream) }
        await stream.close()
    }

    @Test func aMemberCommitsBesideItsStream() async throws {
        let harness = Harness()
        let orders = TopicPartition(TopicName(internal: "orders"), PartitionIndex(3))
        harness.engine.set {
            $0.session = ScriptedSession([], clock: harness.engine.testClock)
            $0.commitResults = [CommitItemResult(partition: orders, outcome: .fenced(owner: "m-2", epoch: 18))]
        }
        var stream = try await open(harness, "/v1/groups/billing/stream?topics=orders")
        let joined = try await lines(&stream)
        #expect(joined.map { $0["type"] } == [.string("joined")] && joined[0]["member"] == .string("m-1"))
        let item = #"{"topic":"orders","partition":3,"offset":951,"epoch":17}"#
        let frame = ByteBuffer(string: #"{"op":"commit","id":9,"offsets":[\#(item)]}"#)
        guard case .say(let line) = await stream.commands.take(frame) else { throw NotOpened() }
        let answer = try JSON(String(buffer: line))
        #expect(answer["type"] == .string("result") && answer["op"] == .string("commit") && answer["id"] == .integer(9))
        #expect(String(buffer: line).contains(#""result":"fenced""#))
        let commit = try #require(harness.engine.state.withLock { $0.commits.last })
        #expect(commit.member == "m-1" && commit.items.map(\.offset) == [Offset(951)])
        harness.engine.set { $0.commitError = .sessionExpired(GroupName(internal: "billing")) }
        guard case .say(let refused) = await stream.commands.take(frame) else { throw NotOpened() }
        #expect(String(buffer: refused).contains(#""code":"session-expired""#))
        await stream.close()
    }

    @Test func aWatchHasNothingToCommit() async throws {
        let harness = Harness()
        await harness.send(.put, "/v1/topics/orders", "{}", type: "application/json")
        var stream = try await open(harness, "/v1/topics/orders/records")
        let frame = ByteBuffer(string: #"{"op":"progress","partitions":[{"topic":"orders","partition":0}]}"#)
        guard case .say(let line) = await stream.commands.take(frame) else { throw NotOpened() }
        #expect(String(buffer: line).contains("no member of a group"))
        guard case .refuse(_, closeCode: 4400) = await stream.commands.take(ByteBuffer(string: "hello")) else {
            throw NotOpened()
        }
        await stream.close()
    }

    @Test func whatIsWrongWithTheRequestIsSaidByTheConversation() async throws {
        let harness = Harness()
        await harness.send(.put, "/v1/topics/orders", "{}", type: "application/json")
        for (target, code) in [
            ("/v1/topics/nothing/records", 4404), ("/v1/nothing", 4404), ("/v1/topics", 4406),
            ("/v1/topics/orders/records?framing=sse", 4406), ("/v1/topics/orders/records?watch=false", 4406),
            ("/v1/topics/orders/records?from=yesterday", 4400), ("/v1/topics/orders/records?color=red", 4400),
        ] {
            let (line, closeCode) = try await refusal(harness, target)
            #expect(closeCode == code, "\(target): \(line)")
            #expect(line["type"] == .string("error"))
        }
    }
}
