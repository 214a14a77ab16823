import SegmentStore

/// A partition as `inspect` prints it.
struct PartitionDocument: Encodable {
    let type = "partition"
    let partition: String
    let directory: String
    let logStartOffset: Int64
    let endOffset: Int64
    let compactedBelow: Int64
    let epochs: [Epoch]
    let segments: [Segment]
    let retired: [String]
    let unnamed: [String]
    let findings: [FindingDocument]

    struct Epoch: Encodable {
        let epoch: Int32
        let firstOffset: Int64
    }

    struct Segment: Encodable {
        let path: String
        let baseOffset: Int64
        let endOffset: Int64
        let bytes: Int
        let generation: UInt64
        let maxTimestamp: String?
        let sealedAt: String?
        let checksum: String?
        let active: Bool
    }

    init(_ facts: PartitionFacts, names: PartitionNames) {
        partition = names.name(of: facts.key)
        directory = facts.directory.string
        logStartOffset = facts.logStart.value
        endOffset = facts.end.value
        compactedBelow = facts.compactedBelow.value
        epochs = facts.epochs.map { Epoch(epoch: $0.epoch.value, firstOffset: $0.first.value) }
        segments = facts.segments.map { segment in
            Segment(
                path: segment.path.string,
                baseOffset: segment.base.value,
                endOffset: segment.end.value,
                bytes: segment.size.value,
                generation: segment.generation,
                maxTimestamp: segment.maxTimestamp?.rfc3339,
                sealedAt: segment.sealedAt?.rfc3339,
                checksum: segment.checksum.map { LogOutput.hex($0) },
                active: segment.isActive
            )
        }
        retired = facts.retired.map(\.string)
        unnamed = facts.unnamed.map(\.string)
        findings = facts.findings.map { FindingDocument($0, names: names) }
    }

    func print(_ output: OutputFormat) throws {
        guard output == .table else { return try LogOutput.write(json: self) }
        var text = "\(partition) in \(directory): offsets \(logStartOffset) to \(endOffset) (exclusive)\n"
        if compactedBelow > 0 { text += "compacted below \(compactedBelow)\n" }
        for epoch in epochs { text += "epoch \(epoch.epoch) from offset \(epoch.firstOffset) on\n" }
        var table = Table("BASE", "END", "BYTES", "GENERATION", "NEWEST RECORD", "SEALED", "CRC-32C")
        for segment in segments {
            table.add(
                String(segment.baseOffset),
                String(segment.endOffset),
                String(segment.bytes),
                String(segment.generation),
                segment.maxTimestamp ?? "-",
                segment.active ? "active" : segment.sealedAt ?? "-",
                segment.checksum ?? "-"
            )
        }
        text += table.text
        for path in retired { text += "to be unlinked: \(path)\n" }
        for path in unnamed { text += "not named by anything: \(path)\n" }
        for finding in findings { text += finding.text }
        try StandardOutput.write(text)
    }
}
