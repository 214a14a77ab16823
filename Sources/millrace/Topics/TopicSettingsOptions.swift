import ArgumentParser
import MillraceClient

/// The settings of a topic on the command line.
struct TopicSettingsOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The number of partitions. One, unless told otherwise.")
    var partitions: Int?

    @Option(help: "delete: remove old segments; compact: keep the latest record of each key.")
    var cleanup: String?

    @Option(help: ArgumentHelp("How much of each partition to keep at least: 10GiB, or unlimited.", valueName: "size"))
    var retentionBytes: SizeText?

    @Option(help: ArgumentHelp("How long to keep records: 12h, 7d, or unlimited.", valueName: "time"))
    var retentionAge: AgeText?

    @Option(help: "How records are stored: none, or gzip.")
    var compression: String?

    @Option(help: "What readers meet where bytes are damaged: quarantine, an error; skip, a gap.")
    var onCorruption: String?

    @Option(help: ArgumentHelp("The size of a segment file: 64MiB.", valueName: "size"))
    var segmentBytesMax: SizeText?

    /// The settings as the client takes them.
    var settings: TopicSettings {
        var settings = TopicSettings(partitions: partitions)
        settings.cleanup = cleanup
        settings.retentionBytes = retentionBytes?.limit
        settings.retentionSeconds = retentionAge?.limit
        settings.compression = compression
        settings.onCorruption = onCorruption
        settings.segmentBytesMax = segmentBytesMax?.limit
        return settings
    }
}

/// A size on the command line: a number of bytes, with KiB, MiB, GiB or TiB perhaps; `unlimited` for none.
struct SizeText: ExpressibleByArgument {
    let limit: TopicSettings.Limit

    init?(argument: String) {
        let units: [(String, Int64)] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)]
        guard let limit = TopicSettings.Limit(argument, units: units) else { return nil }
        self.limit = limit
    }
}

/// A length of time on the command line: a number of seconds, or with s, m, h or d; `unlimited` for none.
struct AgeText: ExpressibleByArgument {
    let limit: TopicSettings.Limit

    init?(argument: String) {
        let units: [(String, Int64)] = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)]
        guard let limit = TopicSettings.Limit(argument, units: units) else { return nil }
        self.limit = limit
    }
}

extension TopicSettings.Limit {
    /// Reads a number with one of the units, or without; nil when the text is neither that nor `unlimited`.
    fileprivate init?(_ text: String, units: [(suffix: String, factor: Int64)]) {
        if text == "unlimited" {
            self = .unlimited
            return
        }
        let unit = units.first { text.hasSuffix($0.suffix) }
        guard let number = Int64(text.dropLast(unit?.suffix.count ?? 0)), number >= 0 else { return nil }
        let (value, isOverflow) = number.multipliedReportingOverflow(by: unit?.factor ?? 1)
        guard !isOverflow else { return nil }
        self = .atMost(value)
    }
}

/// A topic's settings for people.
enum TopicSettingsText {
    /// One line a setting.
    static func text(_ topic: TopicInfo) -> String {
        var table = Table("SETTING", "VALUE")
        table.add("partitions", String(topic.partitions))
        table.add("cleanup", topic.cleanup ?? "-")
        table.add("retentionBytes", topic.retentionBytes.map { String($0) } ?? "unlimited")
        table.add("retentionSeconds", topic.retentionSeconds.map { String($0) } ?? "unlimited")
        table.add("compression", topic.compression ?? "-")
        table.add("onCorruption", topic.onCorruption ?? "-")
        table.add("segmentBytesMax", topic.segmentBytesMax.map { String($0) } ?? "-")
        return table.text + "\n"
    }
}
