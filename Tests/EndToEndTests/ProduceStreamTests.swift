import Foundation
import MillraceClient
import NIOCore
import Synchronization
import Testing

extension EndToEndTests {
    /// Lines for as long as they come, into a real broker: with curl, with the client, and with a broker that is killed.
    @Suite struct ProduceStreamTests {
        private static let topic = "lines"

        /// A line that names its number, of one of some keys.
        private static func line(_ number: Int) -> String {
            "{\"key\":\"\(number % 7)\",\"value\":\(number)}\n"
        }

        /// What is stored: by partition the values with their offsets, in order.
        private static func stored(_ broker: BrokerProcess) async throws -> [ReceivedRecord] {
            try await broker.withClient { client in
                var records: [ReceivedRecord] = []
                var cursor = "earliest"
                while case let page = try await client.read(topic, ReadOptions(from: cursor)), !page.records.isEmpty {
                    records += page.records
                    cursor = page.next
                }
                return records
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func curlSendsAndReadsAtOnce() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                try await broker.withClient { _ = try await $0.createTopic(Self.topic, partitions: 2) }
                // The second line is written when the receipt of the first was read.
                let script = """
                    mkfifo pipe; exec 3<>pipe
                    curl -sS -N -X POST -T . "$0/v1/topics/lines/records?stream=true" <pipe >receipts 3>&- &
                    curl=$!; printf '{"value":1}\\n' >&3
                    until grep -q '"lines":\\[1,1\\]' receipts; do sleep 0.02; done
                    printf '{"value":2}' >&3; exec 3>&-; wait $curl; cat receipts
                    """
                let child = try sandbox.program("curl", "bash", ["-c", script, broker.server])
                #expect(try await child.ended() == .status(0), "\(child.errorText)")
                #expect(child.outputText.contains("\"lines\":[2,2]"))
                #expect(
                    child.outputText.contains("\"reason\":\"end\",\"reconnect\":false,\"retryAfterMs\":0,\"lines\":2")
                )
                // A bad line ends the upload of a client that would go on for ever.
                let endless =
                    "{ printf '{\"value\":3}\\n{\"value\":\\n'; yes '{\"value\":4}'; } | curl -sS -N -X POST -T - "
                    + "\"$0/v1/topics/lines/records?stream=true\""
                let refused = try sandbox.program("endless", "bash", ["-c", endless, broker.server])
                try await refused.ended(within: .seconds(30))
                #expect(refused.outputText.contains("\"line\":2"))
                #expect(try await Self.stored(broker).count == 3)
                #expect(try await broker.stop() == .status(0))
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func aDrainSaysWhereToGoOn() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                try await broker.withClient { client in
                    _ = try await client.createTopic(Self.topic, partitions: 3)
                    let (lines, line) = AsyncStream.makeStream(of: ByteBuffer.self)
                    line.yield(ByteBuffer(string: Self.line(0) + Self.line(1) + "{\"val"))
                    var receipts = try await client.streamLines(Self.topic, .records, lines)
                    #expect(try await receipts.next()?.lines == 1...2)
                    broker.child.send(SIGTERM)
                    #expect(try await receipts.next() == nil)
                    #expect(receipts.end?.reason == "drain")
                    #expect(receipts.end?.reconnect == true)
                    #expect(receipts.end?.lines == 2)
                    line.finish()
                }
                #expect(try await broker.child.ended() == .status(0))
            }
        }

        /// What was receipted is at its offset after a SIGKILL, in order, and no line is there twice.
        @Test(.timeLimit(.minutes(3)))
        func everyReceiptHoldsWhenTheBrokerIsKilled() async throws {
            try await Sandbox.run { sandbox in
                let first = try await BrokerProcess.start(in: sandbox)
                let receipts = try await first.withClient { client in
                    _ = try await client.createTopic(Self.topic, partitions: 3)
                    return try await Self.streamUntilKilled(client, first)
                }
                let again = try await BrokerProcess.start(in: sandbox)
                let records = try await Self.stored(again)
                let byPartition = Dictionary(grouping: records, by: \.partition)
                for receipt in receipts {
                    var found: Set<Int> = []
                    for range in receipt.ranges {
                        let values = (byPartition[range.partition] ?? []).filter {
                            (range.first..<range.end).contains($0.offset)
                        }
                        found.formUnion(try values.map { try $0.value(as: Int.self) + 1 })
                    }
                    #expect(found == Set(receipt.lines), "the lines of a receipt are at its offsets")
                }
                for (_, records) in byPartition {
                    let values = try records.map { try $0.value(as: Int.self) }
                    #expect(values == values.sorted() && Set(values).count == values.count, "in order, and once")
                }
                // A group that was not receipted is there whole or not at all: so what is there is a beginning of the lines.
                let all = Set(try records.map { try $0.value(as: Int.self) })
                #expect(all == Set(0..<all.count))
                #expect(all.count >= (receipts.last?.lines.upperBound ?? 0))
                #expect(try await again.stop() == .status(0))
            }
        }

        /// Sends lines without end, and kills the broker when some of them are receipted.
        private static func streamUntilKilled(
            _ client: MillraceClient,
            _ broker: BrokerProcess
        ) async throws -> [LineReceipt] {
            let sent = Mutex(0)
            let lines = AsyncStream<ByteBuffer> {
                let first = sent.withLock { sent in
                    defer { sent += 5 }
                    return sent
                }
                // Enough to be in the middle of; then the request stays open.
                if first >= 4000 { try? await Task.sleep(for: .seconds(60)) }
                return ByteBuffer(string: (first..<first + 5).map { line($0) }.joined())
            }
            var receipts: [LineReceipt] = []
            var stream = try await client.streamLines(topic, .records, lines)
            do {
                while let receipt = try await stream.next() {
                    receipts.append(receipt)
                    if receipts.count == 3 { broker.child.send(SIGKILL) }
                }
            } catch {
                try await broker.child.ended()
            }
            #expect(receipts.count >= 3)
            return receipts
        }
    }
}
