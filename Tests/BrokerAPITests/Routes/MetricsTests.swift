import BrokerCore
import NIOCore
import Testing

@testable import BrokerAPI

/// Metrics as Prometheus' text.
@Suite struct MetricsTests {
    @Test func aFamilyHasItsHelpItsTypeAndItsNumbers() {
        let families = [
            MetricFamily("a_total", .counter, "First\nand \\ second.", [.init(3)]),
            MetricFamily("empty", .gauge, "", []),
            MetricFamily(
                "b_seconds",
                .histogram,
                "",
                [
                    .init(1, labels: [("group", "a\"b\\c\nd"), ("le", "0.5")], suffix: "_bucket"),
                    .init(0.25, suffix: "_sum"), .init(1, suffix: "_count"),
                ]
            ),
        ]
        #expect(
            String(buffer: MetricsText.text(of: families)) == """
                # HELP a_total First\\nand \\\\ second.
                # TYPE a_total counter
                a_total 3
                # TYPE b_seconds histogram
                b_seconds_bucket{group="a\\"b\\\\c\\nd",le="0.5"} 1
                b_seconds_sum 0.25
                b_seconds_count 1

                """
        )
    }

    @Test func openStreamsAreCountedUntilTheyAreClosed() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        func watches() async -> Bool {
            await harness.send(.get, "/metrics").text.contains("millrace_streams{kind=\"watch\"} 1\n")
        }
        #expect(await !watches())
        let reply = await harness.reply(.get, "/v1/topics/orders/records?watch=true")
        guard case .stream(var stream) = reply.body else {
            Issue.record("no stream")
            return
        }
        #expect(await watches())
        await stream.close()
        #expect(await !watches())
        let answer = await harness.send(.get, "/metrics")
        #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
    }
}
