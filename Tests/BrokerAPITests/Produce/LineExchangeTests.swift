import NIOCore
import RecordFormat
import Testing

@testable import BrokerAPI

/// What the reader of a streamed body and the sender of its receipts tell each other.
@Suite(.timeLimit(.minutes(1))) struct LineExchangeTests {
    /// Without the ring a client that reads its receipts late would never be read from again.
    @Test func receiptsThatAreTakenLetLinesIn() async throws {
        let harness = Harness(limits: { $0.streamedRangesMax = 1 })
        let topic = try await harness.topic("t")
        let target = LineTarget(
            api: harness.api,
            topic: try harness.engine.outline(of: topic),
            partition: nil,
            trace: nil
        )
        let exchange = LineExchange(target, room: nil)
        let begun = await exchange.beginReading(firstLine: 1)
        var group = try #require(begun)
        let reader = LineReader(.records, depthMax: 8, partitionDefault: nil)
        let bounds = LineGroupBounds(bytesMax: .mebibytes(1), recordsMax: 10)
        var lines = StreamedLines(reader, bounds, lineBytesMax: .mebibytes(1))
        lines.append(ByteBuffer(string: "{\"value\":1}\n"))
        #expect(try lines.read(into: &group, isLast: false))
        exchange.endReading(group)

        // The append has ended, and so have its own rings.
        await exchange.output.sleep()
        await exchange.intake.sleep()
        #expect(!exchange.intake.hasRung)
        // One range waits to be told, which is the most: until it is told no line is let in, and then somebody is woken.
        guard case .write = exchange.takeOutput() else {
            Issue.record("there is no receipt")
            return
        }
        #expect(exchange.intake.hasRung)
        #expect(await exchange.beginReading(firstLine: 2) != nil)
        exchange.close()
    }
}
