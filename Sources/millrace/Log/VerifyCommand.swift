import ArgumentParser
import SegmentStore

/// `millrace log verify`: every byte that means something is read and compared.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read everything, and tell exactly which bytes are wrong and what is lost with them.",
        discussion: """
            Checked are the journal above the checkpoint, both checkpoints, the names of producers, the topics, and for each
            partition its manifest, every batch and record of every segment, the sizes and checksums of whole files, and the
            indexes. Nothing is written.

            A finding is `damage` (acknowledged records are lost, or a start would refuse), `derived` (a file that is built
            again by itself) or a `note`. Exit status: 0 sound, 1 damage, 65 the directory cannot be read at all,
            75 a broker runs on it.

              millrace log verify --data-dir millrace-data --output json
            """
    )

    @OptionGroup var options: LogOptions
    @Option(help: "Check the partitions of this topic only.") var topic: String?

    func run() async throws {
        let isSound = try LogFailure.told {
            try options.withDirectory { directory in
                guard topic == nil || directory.topics.contains(where: { $0.name.name == topic }) else {
                    throw ValidationError("there is no topic '\(topic ?? "")' in \(options.dataDir)")
                }
                var progress = LogProgress()
                let report = directory.verify(where: { topic == nil || $0.name.name == topic }) { progress.show($0) }
                try VerifyReport(report, names: PartitionNames(directory)).print(options.output)
                return report.isSound
            }
        }
        guard isSound else { throw ExitCode(1) }
    }
}

/// What `verify` prints.
struct VerifyReport: Encodable {
    let type = "summary"
    let sound: Bool
    let topics: Int
    let partitions: Int
    let segments: Int
    let batches: Int
    let records: Int
    let bytes: Int
    let recordsLost: Int64
    private let findings: [FindingDocument]

    private enum CodingKeys: CodingKey {
        case type, sound, topics, partitions, segments, batches, records, bytes, recordsLost
    }

    init(_ report: VerificationReport, names: PartitionNames) {
        sound = report.isSound
        topics = report.topicCount
        partitions = report.partitionCount
        segments = report.segmentCount
        batches = report.batchCount
        records = report.recordCount
        bytes = report.byteCount.value
        recordsLost = report.lostCount
        findings = report.findings.map { FindingDocument($0, names: names) }
    }

    func print(_ output: OutputFormat) throws {
        switch output {
        case .json:
            for finding in findings { try LogOutput.write(json: finding) }
            try LogOutput.write(json: self)
        case .table:
            for finding in findings { try StandardOutput.write(finding.text) }
            try StandardOutput.write(
                "\(sound ? "sound" : "damaged"): \(topics) topics, \(partitions) partitions, \(segments) segments,"
                    + " \(batches) batches, \(records) records, \(bytes) bytes read; \(recordsLost) records lost\n"
            )
        }
    }
}
