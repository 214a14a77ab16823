import SegmentStore

/// A finding as the `log` commands print it.
struct FindingDocument: Encodable {
    let type = "finding"
    let severity: String
    let path: String
    let firstByte: UInt64?
    let endByte: UInt64?
    let what: String
    let partition: String?
    let lostFromOffset: Int64?
    let lostToOffset: Int64?

    init(_ finding: Finding, names: PartitionNames) {
        severity = finding.severity.rawValue
        path = finding.path.string
        firstByte = finding.bytes?.lowerBound
        endByte = finding.bytes?.upperBound
        what = finding.what
        partition = finding.partition.map { names.name(of: $0) }
        lostFromOffset = finding.lost?.lowerBound.value
        lostToOffset = finding.lost?.upperBound.value
    }

    /// The lines for people.
    var text: String {
        var place = path
        if let firstByte, let endByte { place += ", bytes \(firstByte) to \(endByte) (exclusive)" }
        var text = "\(severity): \(place)\n    \(what)\n"
        if let lostFromOffset, let lostToOffset {
            text +=
                "    lost: offsets \(lostFromOffset) to \(lostToOffset) (exclusive) of \(partition ?? "a partition")\n"
        }
        return text
    }
}

/// The names of a directory's partitions: `topic/3`, or by the topic's id where its file cannot be read.
struct PartitionNames {
    private let directory: DirectoryInspection

    init(_ directory: DirectoryInspection) {
        self.directory = directory
    }

    func name(of key: PartitionKey) -> String {
        let topic = directory.topics.first { $0.id == key.topic }
        return "\(topic.map { "\($0.name)" } ?? key.topic.hex)/\(key.partition.value)"
    }
}
