import NIOCore
import RecordFormat
import SystemPackage

/// How far a check of a data directory has come.
public struct VerificationProgress: Sendable {
    /// The bytes of segments that were read.
    public let done: ByteCount
    /// The bytes of all segments.
    public let total: ByteCount
    /// The file that is being read.
    public let path: FilePath
}

/// What a check of a data directory found.
public struct VerificationReport: Sendable {
    /// Everything found, in the order of the directory.
    public internal(set) var findings: [Finding] = []
    /// How many topics, partitions and segments were checked.
    public internal(set) var topicCount = 0
    /// How many partitions were checked.
    public internal(set) var partitionCount = 0
    /// How many segments were read.
    public internal(set) var segmentCount = 0
    /// How many whole batches they hold.
    public internal(set) var batchCount = 0
    /// How many records these hold.
    public internal(set) var recordCount = 0
    /// The bytes read.
    public internal(set) var byteCount = ByteCount.zero

    /// Whether nothing is wrong that a start or a read would meet.
    public var isSound: Bool { !findings.contains { $0.severity == .damage } }

    /// How many records are known to be lost.
    public var lostCount: Int64 {
        findings.reduce(0) { sum, finding in sum + (finding.lost.map { $0.upperBound - $0.lowerBound } ?? 0) }
    }
}

extension DirectoryInspection {
    /// Reads every byte of the directory that means something, and tells exactly which are wrong.
    ///
    /// Blocks; reads all segments. What lies above the checkpoint is the journal's affair, and is checked there.
    /// - Parameter isWanted: limits the check to some topics; journal and checkpoints are checked in any case.
    /// - Parameter progress: called about once a mebibyte.
    public func verify(
        where isWanted: (StoredTopic) -> Bool = { _ in true },
        progress: (VerificationProgress) -> Void
    ) -> VerificationReport {
        var report = VerificationReport()
        report.findings = findings
        verifyJournal(&report)
        let wanted = topics.filter(isWanted)
        let partitions = wanted.flatMap { topic in
            (0..<topic.partitionCount).map { PartitionKey(topic: topic.id, partition: PartitionIndex($0)) }
        }.map { partition($0) }
        let total = partitions.flatMap(\.segments).reduce(ByteCount.zero) { $0 + $1.size }
        report.topicCount = wanted.count
        report.partitionCount = partitions.count
        for partition in partitions {
            var check = PartitionVerification(partition, of: self)
            check.run { path, bytes in
                progress(VerificationProgress(done: report.byteCount + bytes, total: total, path: path))
            }
            report.add(check)
        }
        return report
    }

    private func verifyJournal(_ report: inout VerificationReport) {
        var content = JournalContent(end: checkpoint?.lsn ?? LSN(0))
        do throws(StorageError) {
            let facts = try journal()
            content = facts.content
            if let damage = facts.damage { report.findings.append(damage) }
        } catch {
            report.findings.append(Finding(.damage, error, path: paths.journal))
        }
        report.findings += contradictions(with: content)
    }
}

extension VerificationReport {
    fileprivate mutating func add(_ check: PartitionVerification) {
        findings += check.findings
        segmentCount += check.segmentCount
        batchCount += check.batchCount
        recordCount += check.recordCount
        byteCount += check.byteCount
    }
}
