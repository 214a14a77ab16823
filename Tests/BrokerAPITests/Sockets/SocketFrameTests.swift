import NIOCore
import RecordFormat
import Testing

@testable import BrokerAPI

@Suite struct SocketFrameTests {
    private func read(_ text: String) throws(Problem) -> SocketFrame {
        try SocketFrame(ByteBuffer(string: text), in: .default, itemsMax: 3)
    }

    private func refusal(_ text: String) -> String {
        do throws(Problem) {
            return "accepted: \(try read(text))"
        } catch {
            return error.detail
        }
    }

    @Test func everyOperationIsRead() throws {
        let place = #""topic":"orders","partition":3"#
        let commit = try read(#"{"op":"commit","id":7,"offsets":[{\#(place),"offset":951,"epoch":17}]}"#)
        guard case .commit(let content) = commit.operation else { throw Unexpected() }
        #expect(commit.id == 7 && commit.name == "commit")
        #expect(content.items.map(\.offset) == [Offset(951)] && content.items.map(\.epoch) == [17])
        let orders = TopicPartition(TopicName(internal: "orders"), PartitionIndex(3))
        guard case .commit(let leases) = try read(#"{"op":"progress","partitions":[{\#(place)}]}"#).operation,
            case .commit(let given) = try read(#"{"op":"release","partitions":[{\#(place)}]}"#).operation
        else { throw Unexpected() }
        #expect(leases.progress == [orders] && leases.release.isEmpty && leases.items.isEmpty)
        #expect(given.release == [orders] && given.progress.isEmpty)
        for (text, change) in [
            (#"{"op":"pause"}"#, Credit.Change(isPaused: true)),
            (#"{"op":"resume"}"#, Credit.Change(isPaused: false)),
            (#"{"op":"credit","records":5}"#, Credit.Change(records: 5)),
            (#"{"op":"credit","records":5,"bytes":1024}"#, Credit.Change(records: 5, bytes: 1024)),
        ] {
            guard case .credit(change) = try read(text).operation else { throw Unexpected() }
        }
    }

    @Test func whatIsWrongIsNamed() {
        #expect(refusal("{").contains("the frame is not valid JSON at byte 1"))
        #expect(refusal("[]").contains("the frame is not a JSON object"))
        #expect(refusal("{}").contains("the field op is missing"))
        #expect(refusal(#"{"op":"comit"}"#).contains(#"the op "comit" is unknown; known are commit, progress"#))
        #expect(refusal(#"{"op":"pause","records":1}"#).contains(#""records" is unknown; known are op, id"#))
        #expect(refusal(#"{"op":"credit"}"#).contains("names records, bytes or both"))
        #expect(refusal(#"{"op":"credit","records":0}"#).contains("from 1 on"))
        #expect(refusal(#"{"op":"commit","offsets":[]}"#).contains("from 1 to 3"))
        #expect(refusal(#"{"op":"commit","offsets":[{"topic":"a"}]}"#).contains("offsets[0].partition is missing"))
    }

    private struct Unexpected: Error {}
}
