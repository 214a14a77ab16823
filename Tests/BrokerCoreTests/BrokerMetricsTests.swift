import BrokerTestSupport
import Metrics
import RecordFormat
import Testing

@testable import BrokerCore

/// What the broker counts.
@Suite struct BrokerMetricsTests {
    private func value(
        _ families: [MetricFamily],
        _ name: String,
        _ suffix: String = "",
        group: String? = nil
    ) throws -> Double {
        let family = try #require(families.first { $0.name == name }, "\(name)")
        let sample = family.samples.first { sample in
            sample.suffix == suffix && (group == nil || sample.labels.contains { $0 == ("group", group ?? "") })
        }
        return try #require(sample).value
    }

    @Test func appendsAreCountedWhenTheyAreFlushed() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 2)
        let before = test.broker.metrics
        try await test.append(["a", "b", "c"], to: topic)
        let after = test.broker.metrics
        #expect(
            try value(after, "millrace_records_appended_total") - value(before, "millrace_records_appended_total") == 3
        )
        #expect(try value(after, "millrace_append_requests_total") > value(before, "millrace_append_requests_total"))
        let duration = "millrace_journal_round_duration_seconds"
        #expect(try value(after, duration, "_count") == value(after, "millrace_journal_flushes_total"))
        #expect(try value(after, "millrace_topics") == 1)
        #expect(try value(after, "millrace_partitions") == 2)
        #expect(try value(after, "millrace_segment_bytes") > 0)
        #expect(try value(after, "millrace_ready") == 1)
        await test.process.stop()
    }

    @Test func aGroupsLagIsTold() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        var change = GroupSettingsChange()
        change.topics = [topic]
        _ = try await test.broker.createGroup(try GroupName(validating: "billing"), change)
        try await test.append(["a", "b"], to: topic)
        let families = test.broker.metrics
        #expect(try value(families, "millrace_groups") == 1)
        #expect(try value(families, "millrace_group_lag", group: "billing") == 2)
        #expect(try value(families, "millrace_group_members", group: "billing") == 0)
        #expect(try value(families, "millrace_groups_left_out") == 0)
        await test.process.stop()
    }

    @Test func groupsBeyondTheBoundAreCounted() async throws {
        let test = try await TestBroker.start { $0.limits.groupsWithMetricsMax = 2 }
        var change = GroupSettingsChange()
        change.topics = [try await test.createTopic("orders")]
        for name in ["a", "b", "c"] { _ = try await test.broker.createGroup(try GroupName(validating: name), change) }
        let families = test.broker.metrics
        #expect(try value(families, "millrace_groups") == 3)
        #expect(try value(families, "millrace_groups_left_out") == 1)
        #expect(families.first { $0.name == "millrace_group_lag" }?.samples.count == 2)
        await test.process.stop()
    }

    @Test func everyInstrumentSaysWhatItCounts() async throws {
        let test = try await TestBroker.start()
        let silent = test.broker.metrics.filter(\.help.isEmpty).map(\.name)
        #expect(silent.isEmpty)
        #expect(Set(BrokerMetrics.help.keys).isSubset(of: Set(test.broker.metrics.map(\.name))))
        await test.process.stop()
    }

    @Test func aTimerBecomesAHistogramInSeconds() throws {
        let registry = MetricsRegistry()
        let timer = Timer(label: "round", factory: registry)
        timer.recordMilliseconds(3)
        timer.recordMilliseconds(20_000)
        let family = try #require(registry.families.first)
        #expect(family.name == "round_seconds")
        #expect(family.kind == .histogram)
        func bucket(_ bound: String) -> Double? {
            family.samples.first { $0.labels.contains { $0.value == bound } }?.value
        }
        #expect(bucket("0.0025") == 0)
        #expect(bucket("0.005") == 1)
        #expect(bucket("10.0") == 1)
        #expect(bucket("+Inf") == 2)
        #expect(try value(registry.families, "round_seconds", "_sum") == 20.003)
    }

    @Test func instrumentsOfOneNameAreOneAndGoWhenTheyAreDestroyed() {
        let registry = MetricsRegistry()
        let first = Counter(label: "a", dimensions: [("x", "1")], factory: registry)
        let second = Counter(label: "a", dimensions: [("x", "1")], factory: registry)
        let other = Counter(label: "a", dimensions: [("x", "2")], factory: registry)
        first.increment()
        second.increment(by: 2)
        other.increment(by: 5)
        #expect(registry.families.map { $0.samples.map(\.value) } == [[3, 5]])
        other.destroy()
        #expect(registry.families.map { $0.samples.map(\.value) } == [[3]])
    }
}
