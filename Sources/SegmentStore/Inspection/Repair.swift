import NIOCore
import RecordFormat
import SystemPackage

/// One thing that a repair would do.
public struct RepairStep: Sendable {
    /// What it does, in one sentence.
    public let summary: String
    /// What is lost by it for good; nil when nothing is.
    public let loses: String?
    /// Where what it takes away is kept.
    public let keeps: FilePath
    let action: Action

    enum Action: Sendable {
        /// Writes the whole batches of damaged segments anew, and keeps the damaged files.
        case rewriteSegments(PartitionFacts, [SegmentFacts])
        /// Lists the segments again from their files.
        case rebuildManifest(PartitionFacts)
        /// Puts the records that a start had saved back behind the log.
        case applySalvage(PartitionKey, FilePath)
        /// Moves an index away that is built again from its segment.
        case dropIndex(FilePath)

        /// The partition whose log is another one afterwards; nil when none is.
        var changedPartition: PartitionKey? {
            switch self {
            case .rewriteSegments(let facts, _), .rebuildManifest(let facts): facts.key
            case .applySalvage(let key, _): key
            case .dropIndex: nil
            }
        }
    }
}

/// What can be done about the findings of a check.
///
/// Nothing is thrown away: damaged files move to `cut/` in their partition's directory.
public struct RepairPlan: Sendable {
    /// What would be done, in this order.
    public let steps: [RepairStep]
    /// Findings that no repair can mend, each with what to do instead.
    public let hopeless: [(finding: Finding, advice: String)]

    /// Plans the repair of everything that a report found.
    ///
    /// - Precondition: the directory was recovered and closed in order, so that the journal holds nothing above the
    ///   checkpoint. `RepairPlan.needsRecovery` tells.
    public init(for report: VerificationReport, of directory: DirectoryInspection) {
        var steps: [RepairStep] = []
        var hopeless: [(Finding, String)] = []
        var partitions: [PartitionKey: [Finding]] = [:]
        var order: [PartitionKey] = []
        for finding in report.findings where finding.severity != .note {
            guard let key = finding.partition else {
                hopeless.append((finding, finding.advice ?? Self.advice(for: finding, of: directory)))
                continue
            }
            if partitions[key] == nil { order.append(key) }
            partitions[key, default: []].append(finding)
        }
        for key in order {
            let facts = directory.partition(key)
            Self.plan(facts, partitions[key] ?? [], &steps, &hopeless)
        }
        self.steps = steps
        self.hopeless = hopeless
    }

    private static func plan(
        _ facts: PartitionFacts,
        _ findings: [Finding],
        _ steps: inout [RepairStep],
        _ hopeless: inout [(Finding, String)]
    ) {
        let beyond = findings.compactMap { finding in finding.advice.map { (finding, $0) } }
        // A partition is mended whole or left as it is.
        guard beyond.isEmpty else { return hopeless += beyond }
        let kept = facts.directory.appending(SegmentName.cut)
        if let finding = findings.first(where: { $0.path.lastComponent?.string == Manifest.fileName }) {
            guard facts.compactedFiles.isEmpty else {
                let advice =
                    "compacted segments cannot be told from older ones without it: restore the file from a copy"
                hopeless.append((finding, advice))
                return
            }
            let summary = "list the segments of \(facts.key) again from their files"
            steps.append(RepairStep(summary: summary, loses: nil, keeps: kept, action: .rebuildManifest(facts)))
            steps += facts.salvage.map { salvageStep($0, facts, kept) }
            return
        }
        for finding in findings where finding.severity == .derived {
            let summary = "move \(finding.path) away: it is built again when it is needed"
            steps.append(RepairStep(summary: summary, loses: nil, keeps: kept, action: .dropIndex(finding.path)))
        }
        let damaged = facts.segments.filter { segment in
            findings.contains { $0.severity == .damage && $0.path == segment.path }
        }
        defer { steps += facts.salvage.map { salvageStep($0, facts, kept) } }
        guard !damaged.isEmpty else { return }
        let lost = findings.compactMap(\.lost).map { "\($0.lowerBound) to \($0.upperBound.advanced(by: -1))" }
        steps.append(
            RepairStep(
                summary: "write what is whole of \(damaged.map(\.path.string).joined(separator: ", ")) anew",
                loses: lost.isEmpty ? nil : "the records at offsets \(lost.joined(separator: ", ")) of \(facts.key)",
                keeps: kept,
                action: .rewriteSegments(facts, damaged)
            )
        )
    }

    private static func salvageStep(_ path: FilePath, _ facts: PartitionFacts, _ kept: FilePath) -> RepairStep {
        RepairStep(
            summary: "put the records of \(path) back behind the log of \(facts.key)",
            loses: nil,
            keeps: kept,
            action: .applySalvage(facts.key, path)
        )
    }

    private static func advice(for finding: Finding, of directory: DirectoryInspection) -> String {
        if finding.path == directory.paths.journal {
            return "it alone holds the newest records: name its place with --journal-dir, or restore it from a copy"
        }
        return "restore the file from a copy"
    }
}

extension DirectoryInspection {
    /// Whether the directory was not stopped in order: a start must first replay its journal.
    public var needsRecovery: Bool { checkpoint?.isClean != true }
}

extension PartitionFacts {
    /// Files in directories of compaction.
    var compactedFiles: [FilePath] {
        unnamed.filter { $0.parent != directory } + segments.filter { $0.generation > 0 }.map(\.path)
    }
}
