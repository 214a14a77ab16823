import SegmentStore

/// A data directory as `inspect` prints it.
struct DirectoryDocument: Encodable {
    let type = "directory"
    let directory: String
    let directoryID: String
    let coordinatorShards: Int
    let stoppedInOrder: Bool
    let checkpoints: [Slot]
    let journal: Journal
    let partitions: [Row]

    struct Slot: Encodable {
        let path: String
        let generation: UInt64?
        let lsn: UInt64?
        let run: Int32?
        let clean: Bool?
        let partitions: Int?
        let damage: String?
    }

    struct Journal: Encodable {
        let ringBytes: Int?
        let frameBytesMax: Int?
        let fromLSN: UInt64?
        let toLSN: UInt64?
        let frames: Int?
        let batches: Int?
        let damage: String?
    }

    struct Row: Encodable {
        let partition: String
        let logStartOffset: Int64
        let endOffset: Int64
        let compactedBelow: Int64
        let segments: Int
        let bytes: Int
        let damage: String?
    }

    init(_ inspection: DirectoryInspection) {
        let names = PartitionNames(inspection)
        directory = inspection.directory.string
        directoryID = inspection.meta.directoryID.map { LogOutput.hex(UInt32($0)).suffix(2) }.joined()
        coordinatorShards = inspection.meta.coordinatorShards
        stoppedInOrder = !inspection.needsRecovery
        checkpoints = inspection.slots.map { slot in
            Slot(
                path: slot.path.string,
                generation: slot.generation,
                lsn: slot.lsn,
                run: slot.run?.value,
                clean: slot.isClean,
                partitions: slot.partitionCount,
                damage: slot.damage
            )
        }
        journal = Self.journal(of: inspection)
        partitions = inspection.topics.flatMap { topic in
            (0..<topic.partitionCount).map { PartitionKey(topic: topic.id, partition: .init($0)) }
        }.map { key in
            let facts = inspection.partition(key)
            return Row(
                partition: names.name(of: key),
                logStartOffset: facts.logStart.value,
                endOffset: facts.end.value,
                compactedBelow: facts.compactedBelow.value,
                segments: facts.segments.count,
                bytes: facts.segments.reduce(0) { $0 + $1.size.value },
                damage: facts.findings.first { $0.severity == .damage }?.what
            )
        }
    }

    private static func journal(of inspection: DirectoryInspection) -> Journal {
        do {
            let facts = try inspection.journal()
            return Journal(
                ringBytes: facts.ringBytes.value,
                frameBytesMax: facts.frameBytesMax.value,
                fromLSN: facts.start,
                toLSN: facts.end,
                frames: facts.frameCount,
                batches: facts.batchCount,
                damage: facts.damage?.what
            )
        } catch {
            return Journal(
                ringBytes: nil,
                frameBytesMax: nil,
                fromLSN: nil,
                toLSN: nil,
                frames: nil,
                batches: nil,
                damage: error.description
            )
        }
    }

    func print(_ output: OutputFormat) throws {
        guard output == .table else { return try LogOutput.write(json: self) }
        var text =
            "\(directory): directory \(directoryID), \(stoppedInOrder ? "stopped in order" : "not stopped in order")\n"
        for slot in checkpoints {
            text += "\(slot.path): "
            text += slot.damage ?? "generation \(slot.generation ?? 0), run \(slot.run ?? 0), LSN \(slot.lsn ?? 0)"
            text += "\n"
        }
        text += "journal: \((journal.ringBytes ?? 0) >> 10) KiB, \(journal.frames ?? 0) frames and"
        text += " \(journal.batches ?? 0) batches above the checkpoint\n"
        if let damage = journal.damage { text += "journal: \(damage)\n" }
        var table = Table("PARTITION", "START", "END", "COMPACTED BELOW", "SEGMENTS", "BYTES", "STATE")
        for row in partitions {
            table.add(
                row.partition,
                String(row.logStartOffset),
                String(row.endOffset),
                String(row.compactedBelow),
                String(row.segments),
                String(row.bytes),
                row.damage ?? "ok"
            )
        }
        try StandardOutput.write(text + table.text)
    }
}
