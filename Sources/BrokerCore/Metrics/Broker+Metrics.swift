import RecordFormat

extension Broker {
    /// What the broker has counted since its start, and what it has now.
    ///
    /// Cost: a glance at every partition, and one at every partition of the groups that are listed.
    public var metrics: [MetricFamily] {
        let counted = configuration.metrics.families.map { family in
            MetricFamily(family.name, family.kind, BrokerMetrics.help[family.name] ?? "", family.samples)
        }
        return counted + storageMetrics + groupMetrics
    }

    private var storageMetrics: [MetricFamily] {
        let topics = registry.all.filter { !$0.name.isInternal }
        let partitions = topics.flatMap { $0.describe().partitions }
        let damage = damage
        return [
            .gauge("millrace_ready", "1 while requests are accepted.", phase == .ready ? 1 : 0),
            .gauge(
                "millrace_storage_full",
                "1 while the volume has too little room for records.",
                storage == .full ? 1 : 0
            ),
            .gauge("millrace_topics", "Topics, the broker's own left out.", topics.count),
            .gauge("millrace_partitions", "Partitions of these topics.", partitions.count),
            .gauge("millrace_segment_bytes", "Bytes of their segments.", partitions.reduce(0) { $0 + $1.size.value }),
            .gauge("millrace_quarantined_partitions", "Partitions that are set aside.", damage.quarantinedPartitions),
            .gauge(
                "millrace_damaged_segments",
                "Damaged segments that the check of stored bytes found in its last lap.",
                damage.scrub?.damagedSegments ?? 0
            ),
            .gauge("millrace_append_queue_requests", "Appends that wait for the next round.", queue.count),
        ]
    }

    /// Groups one by one, as many as are listed: a name costs a series of each metric.
    private var groupMetrics: [MetricFamily] {
        let names = coordinators.flatMap { coordinator in coordinator.inspect { $0.groups().map(\.group) } }.sorted()
        // A group that has gone meanwhile is left out.
        let listed = names.prefix(limits.groupsWithMetricsMax)
        let groups = listed.compactMap { try? group($0) }
        func family(_ name: String, _ help: String, _ value: (GroupReport) -> Int64) -> MetricFamily {
            let samples = groups.map { report in
                let name = report.summary.name
                let labels = [(name: "namespace", value: name.namespace.value), (name: "group", value: name.name)]
                return MetricFamily.Sample(Double(value(report)), labels: labels)
            }
            return MetricFamily(name, .gauge, help, samples)
        }
        return [
            .gauge("millrace_groups", "Consumer groups.", names.count),
            .gauge(
                "millrace_groups_left_out",
                "Consumer groups beyond those, the first ones by name, that have the metrics of groups.",
                names.count - listed.count
            ),
            family("millrace_group_members", "Members of a group.") { Int64($0.members.count) },
            family("millrace_group_lag", "Offsets between a group's commits and the ends.") { Int64($0.lag) },
            family("millrace_group_in_flight", "Offsets that are delivered and not committed.") { Int64($0.inFlight) },
            family("millrace_group_lost", "Offsets that were removed before they were committed.") { Int64($0.lost) },
        ]
    }
}
