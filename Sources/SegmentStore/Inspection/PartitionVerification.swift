import NIOCore
import RecordFormat
import SystemPackage

/// The check of one partition's files.
struct PartitionVerification {
    private(set) var findings: [Finding] = []
    private(set) var segmentCount = 0
    private(set) var batchCount = 0
    private(set) var recordCount = 0
    private(set) var byteCount = ByteCount.zero
    private let facts: PartitionFacts
    private let fileSystem: any FileSystem
    private let owner: [UInt8]
    /// Whether the active segment, too, must have the size that is known of it, as after a stop in order.
    private let isActiveExact: Bool

    init(_ facts: PartitionFacts, of directory: DirectoryInspection) {
        self.facts = facts
        fileSystem = directory.fileSystem
        owner = directory.meta.directoryID
        isActiveExact = !directory.needsRecovery
        findings = facts.findings
    }

    /// Checks every file.
    ///
    /// - Parameter step: called about once a mebibyte with the file being read and the bytes read so far.
    mutating func run(_ step: (FilePath, ByteCount) -> Void) {
        guard (try? fileSystem.kind(of: facts.directory)) == .directory else {
            let lost = facts.end > facts.logStart ? facts.logStart..<facts.end : nil
            note(
                .damage,
                facts.directory,
                lost: lost,
                advice: "restore the directory from a copy; without one, delete the topic over HTTP",
                "the partition's directory is missing"
            )
            return
        }
        for segment in facts.segments { check(segment, step) }
        for path in facts.salvage { checkSalvage(path) }
        checkKeyIndex()
        for path in facts.unnamed {
            note(.note, path, "nothing names this file: a stop in the middle left it, or somebody put it there")
        }
        judgeAsAStart()
    }

    /// The last word is a start's own: what it would set aside is never called sound.
    private mutating func judgeAsAStart() {
        guard isActiveExact, !findings.contains(where: { $0.severity == .damage }) else { return }
        do throws(StorageError) {
            let partition = try RecoveringPartition(
                key: facts.key,
                directory: facts.directory,
                fileSystem: fileSystem,
                owner: owner,
                row: facts.row,
                now: .epoch,
                isClean: true
            )
            guard let quarantine = partition.quarantine else { return }
            let advice = "restore the partition's files from a copy"
            note(.damage, facts.directory, advice: advice, "a start sets it aside: \(quarantine.reason)")
        } catch {
            findings.append(Finding(.damage, error, path: facts.directory, partition: facts.key))
        }
    }

    private mutating func checkSalvage(_ path: FilePath) {
        do throws(StorageError) {
            let salvage = try Salvage(at: path, of: facts.key, owner: owner, fileSystem: fileSystem)
            let count = salvage.batches.count
            note(
                .damage,
                path,
                "a start saved \(count) batches here, from offset \(salvage.end) on: the partition takes no records until a"
                    + " repair has put them back (\(salvage.reason))"
            )
        } catch {
            // Without its records the offsets that they had would be given out again.
            note(
                .damage,
                path,
                advice: "restore the file from a copy; without one, delete the topic over HTTP",
                "\(error): the records that a start saved here cannot be told"
            )
        }
    }

    private mutating func check(_ segment: SegmentFacts, _ step: (FilePath, ByteCount) -> Void) {
        segmentCount += 1
        do throws(StorageError) {
            let file = try StorageError.wrap { () throws(FileError) in try fileSystem.open(segment.path, .read) }
            defer { file.close() }
            let places = try scan(segment, file, step)
            try compareSize(segment, file)
            try compareChecksum(segment, file)
            checkVersions(of: segment)
            checkIndex(of: segment, places.lastOffsets)
            checkTimeIndex(of: segment, places.maxima)
        } catch {
            let lost = segment.end > segment.base ? segment.base..<segment.end : nil
            note(.damage, segment.path, lost: lost, "\(error)")
        }
    }

    /// What the batches of a segment are compared with.
    private struct Places {
        /// The last offset of each batch, by where it begins.
        var lastOffsets: [UInt32: Offset] = [:]
        /// The timestamp of each batch that brought a larger one than all before, by its last offset.
        var maxima: [Offset: Int64] = [:]
        private var largest = Int64.min

        mutating func note(_ batch: RecordBatch, at place: FilePosition) {
            lastOffsets[UInt32(truncatingIfNeeded: place.value)] = batch.lastOffset
            let time = batch.maxTimestamp.millisecondsSinceEpoch
            guard time > largest else { return }
            largest = time
            maxima[batch.lastOffset] = time
        }
    }

    /// Reads all batches; gives back where each stands.
    private mutating func scan(
        _ segment: SegmentFacts,
        _ file: any StoreFile,
        _ step: (FilePath, ByteCount) -> Void
    ) throws(StorageError) -> Places {
        var places = Places()
        var scan = try SegmentScan(segment, file: file)
        var sinceStep = 1 << 20
        while let piece = try scan.next() {
            switch piece {
            case .batch(let batch, let place):
                batchCount += 1
                recordCount += batch.recordCount
                byteCount += batch.encodedBytes
                sinceStep += batch.encodedBytes.value
                places.note(batch, at: place)
            case .damage(let bytes, let lost, let reason):
                byteCount += ByteCount(bytes.count)
                note(.damage, segment.path, bytes: bytes, lost: lost.isEmpty ? nil : lost, reason)
            }
            guard sinceStep >= 1 << 20 else { continue }
            sinceStep = 0
            step(segment.path, byteCount)
        }
        return places
    }

    /// A start sets a partition aside when a file of it goes on behind what is known of it.
    private mutating func compareSize(_ segment: SegmentFacts, _ file: any StoreFile) throws(StorageError) {
        guard !segment.isActive || isActiveExact else { return }
        let size = try StorageError.wrap { () throws(FileError) in try file.size() }
        let expected = FilePosition(UInt64(segment.size.value))
        guard size > expected else { return }
        note(
            .damage,
            segment.path,
            bytes: expected.value..<size.value,
            "the file has \(size) bytes, it was closed with \(expected)"
        )
    }

    /// The checksum of the whole file tells what lies outside the batches' own: base offsets and leader epochs.
    private mutating func compareChecksum(_ segment: SegmentFacts, _ file: any StoreFile) throws(StorageError) {
        guard let expected = segment.checksum else { return }
        let found = try StorageError.wrap { () throws(FileError) in
            try file.checksum(upTo: FilePosition(UInt64(segment.size.value)))
        }
        // Where a batch was found damaged this says nothing new.
        guard found != expected, !findings.contains(where: { $0.path == segment.path }) else { return }
        note(
            .damage,
            segment.path,
            bytes: 0..<UInt64(segment.size.value),
            "the checksum of the whole file does not match, though each batch has its own:"
                + " a base offset or a leader epoch is not what was written"
        )
    }

    /// What came before the records of a compacted segment: nothing is lost without it, and it cannot be made again.
    private mutating func checkVersions(of segment: SegmentFacts) {
        guard let expected = segment.facts?.versionsChecksum else { return }
        let path = segment.path.parent.appending(SegmentName.versions(segment.base))
        guard let file = try? fileSystem.open(path, .read) else {
            return note(.derived, path, "it is missing: what came before the segment's records is forgotten")
        }
        defer { file.close() }
        guard let size = try? file.size(), (try? file.checksum(upTo: size)) == expected else {
            return note(.derived, path, "its checksum does not match: what came before some records is forgotten")
        }
    }

    /// The index of a collection's keys: most partitions have none.
    private mutating func checkKeyIndex() {
        let path = facts.directory.appending(KeyIndexFile.name)
        guard (try? fileSystem.kind(of: path)) == .file else { return }
        do throws(StorageError) {
            let reader = try KeyIndexReader(path, owner: owner, fileSystem: fileSystem)
            defer { reader.close() }
            try reader.verify()
            guard reader.head.key != facts.key else { return }
            note(.derived, path, "it is that of partition \(reader.head.key); the log is read instead")
        } catch {
            note(.derived, path, "\(error); the log is read instead")
        }
    }

    private mutating func checkIndex(of segment: SegmentFacts, _ places: [UInt32: Offset]) {
        guard !segment.isActive else { return }
        let path = segment.path.parent.appending(SegmentName.index(segment.base))
        guard let content = try? fileSystem.readWhole(path) else {
            note(.note, path, "it is missing: the first read that needs it builds it again")
            return
        }
        let limit = FilePosition(UInt64(segment.size.value))
        guard let index = OffsetIndex(decoding: content, logSize: limit) else {
            note(.derived, path, "it cannot be an index of its segment; it is built again when it is needed")
            return
        }
        for (number, entry) in index.entries.enumerated() {
            let named = segment.base.advanced(by: Int(entry.relativeLastOffset))
            guard places[entry.position] != named else { continue }
            let start = UInt64(number * OffsetIndexEntry.encodedBytes)
            note(
                .derived,
                path,
                bytes: start..<start + UInt64(OffsetIndexEntry.encodedBytes),
                "entry \(number) names offset \(named) at byte \(entry.position), where it is not"
            )
        }
    }

    private mutating func checkTimeIndex(of segment: SegmentFacts, _ maxima: [Offset: Int64]) {
        guard !segment.isActive else { return }
        let path = segment.path.parent.appending(SegmentName.timeIndex(segment.base))
        guard let content = try? fileSystem.readWhole(path) else {
            note(.note, path, "it is missing: the first read that needs it builds it again")
            return
        }
        guard let index = TimeIndex(decoding: content) else {
            note(.derived, path, "it cannot be a time index; it is built again when it is needed")
            return
        }
        for (number, entry) in index.entries.enumerated() {
            let named = segment.base.advanced(by: Int(entry.relativeOffset))
            guard maxima[named] != entry.timestamp else { continue }
            let start = UInt64(number * TimeIndexEntry.encodedBytes)
            note(
                .derived,
                path,
                bytes: start..<start + UInt64(TimeIndexEntry.encodedBytes),
                "entry \(number) gives offset \(named) a time that is not the largest up to there"
            )
        }
    }

    private mutating func note(
        _ severity: Finding.Severity,
        _ path: FilePath,
        bytes: Range<UInt64>? = nil,
        lost: Range<Offset>? = nil,
        advice: String? = nil,
        _ what: String
    ) {
        findings.append(
            Finding(severity, path, bytes: bytes, partition: facts.key, lost: lost, advice: advice, what)
        )
    }
}
