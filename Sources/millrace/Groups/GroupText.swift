import MillraceClient

/// Groups for people.
enum GroupText {
    /// One line of a whole group.
    static func head(_ report: GroupReport) -> String {
        var text = "\(report.group)  epoch \(report.groupEpoch)  topics \(report.topics.joined(separator: ","))"
        text += "  lag \(report.lag)  age \(age(report.lagSeconds))"
        if report.lost > 0 { text += "  lost \(report.lost)" }
        return text + "\n"
    }

    /// One line a setting.
    static func settings(_ report: GroupReport) -> String {
        var table = Table("SETTING", "VALUE")
        table.add("from", report.from ?? "-")
        table.add("commitTimeout", milliseconds(report.commitTimeoutMs))
        table.add("sessionTimeout", milliseconds(report.sessionTimeoutMs))
        table.add("membersMax", report.membersMax.map { String($0) } ?? "-")
        table.add("timeToLive", report.timeToLiveMs.map { milliseconds($0) } ?? "unlimited")
        for (name, topics) in [("missingTopics", report.missingTopics), ("keptTopics", report.keptTopics)] {
            if let topics, !topics.isEmpty { table.add(name, topics.joined(separator: ",")) }
        }
        if let since = report.emptySince { table.add("emptySince", since) }
        return table.text
    }

    /// One line a member.
    static func members(_ report: GroupReport) -> String {
        var table = Table("MEMBER", "INSTANCE", "PRESENCE", "JOINED", "PARTITIONS")
        for member in report.members {
            let presence = member.presence ?? (member.connected ? "connection" : "none")
            table.add(
                member.member,
                member.instance ?? "-",
                member.stalled == true ? "\(presence), stalled" : presence,
                member.joinedAt ?? "-",
                String(member.partitions.count)
            )
        }
        return table.text
    }

    /// One line a partition.
    ///
    /// - Parameter rates: what is told in the column RATE, by topic and partition; nil has no such column.
    static func partitions(_ report: GroupReport, rates: [GroupPartition: String]? = nil) -> String {
        let names = Dictionary(
            report.members.map { ($0.member, $0.instance ?? $0.member) },
            uniquingKeysWith: { first, _ in first }
        )
        let columns = ["TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "AGE", "LOST", "OPEN"]
        var table = Table(columns + (rates == nil ? [] : ["RATE"]) + ["OWNER", "STATE"])
        for partition in report.partitions {
            let place = GroupPartition(topic: partition.topic, partition: partition.partition)
            let cells = [
                partition.topic,
                String(partition.partition),
                partition.committed.map { String($0) } ?? "-",
                String(partition.end),
                String(partition.lag),
                age(partition.lagSeconds),
                partition.lost.map { String($0) } ?? "-",
                milliseconds(partition.uncommittedMs),
            ]
            let rate = rates.map { [$0[place] ?? "-"] } ?? []
            table.add(cells + rate + [partition.owner.map { names[$0] ?? $0 } ?? "-", partition.state ?? "-"])
        }
        return table.text
    }

    /// Seconds for people.
    static func age(_ seconds: Int64?) -> String { milliseconds(seconds.map { $0 * 1000 }) }

    /// Milliseconds for people: the two largest units that are there.
    static func milliseconds(_ milliseconds: Int64?) -> String {
        guard let milliseconds else { return "-" }
        guard milliseconds >= 1000 else { return milliseconds == 0 ? "0s" : "\(milliseconds)ms" }
        let seconds = milliseconds / 1000
        let units = [
            ("d", seconds / 86_400), ("h", seconds / 3600 % 24), ("m", seconds / 60 % 60), ("s", seconds % 60),
        ]
        return units.drop { $0.1 == 0 }.prefix(2).filter { $0.1 > 0 }.map { "\($0.1)\($0.0)" }.joined(separator: " ")
    }
}
