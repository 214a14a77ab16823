import NIOCore
import RecordFormat
import SystemPackage

extension DirectoryInspection {
    /// Carries out one step of a plan.
    ///
    /// New files are whole and flushed before the manifest names them, and the damaged ones are moved away only then: a stop
    /// in between leaves the damage as it was.
    /// - Parameter now: the wall time, at which rewritten segments count as sealed.
    /// - Throws: what the file system says; the step can be repeated.
    public func perform(_ step: RepairStep, now: Timestamp) throws(StorageError) {
        try dropKeyIndex(before: step.action)
        switch step.action {
        case .dropIndex(let path):
            try StorageError.wrap { () throws(FileError) in try keep(path, in: step.keeps, generation: 0) }
        case .applySalvage(let key, let path):
            try applySalvage(path, to: partition(key), kept: step.keeps, now: now)
        case .rebuildManifest(let facts):
            try rebuildManifest(of: facts, kept: step.keeps, now: now)
        case .rewriteSegments(let facts, let damaged):
            try rewrite(damaged, of: facts, kept: step.keeps, now: now)
        }
    }

    /// An index of keys may name records that a repair takes away; the flush of the new manifest's name covers this, too.
    private func dropKeyIndex(before action: RepairStep.Action) throws(StorageError) {
        guard let partition = action.changedPartition else { return }
        let path = paths.partition(partition).appending(KeyIndexFile.name)
        try StorageError.wrap { () throws(FileError) in
            if try fileSystem.kind(of: path) != nil { try fileSystem.unlink(path) }
        }
    }

    /// Seals the log as it stands, and puts the saved batches behind it as a segment of their own.
    private func applySalvage(
        _ path: FilePath,
        to facts: PartitionFacts,
        kept: FilePath,
        now: Timestamp
    ) throws(StorageError) {
        let salvage = try Salvage(at: path, of: facts.key, owner: meta.directoryID, fileSystem: fileSystem)
        let batches = salvage.batches.filter { $0.offset >= facts.end }
        var manifest = facts.manifest ?? Manifest()
        manifest.sealed = facts.segments.map { $0.facts ?? SealedSegment(sealing: $0, at: now) }
        manifest.end = facts.end
        manifest.logStart = max(manifest.logStart, facts.logStart, salvage.deletedBelow)
        for epoch in facts.epochs { manifest.epochs.note(epoch.epoch, first: epoch.first) }
        if let first = batches.first {
            let generation = manifest.nextGeneration
            manifest.nextGeneration += 1
            let sealed = try write(batches, from: first.offset, as: generation, of: facts, now: now)
            guard sealed.base == manifest.end else {
                let reason = "it begins at offset \(sealed.base), and the log ends at \(manifest.end)"
                throw .corrupt(path: path, position: .zero, reason: reason)
            }
            manifest.sealed.append(sealed)
            manifest.end = sealed.end
        }
        try replaceManifest(of: facts, with: manifest)
        try StorageError.wrap { () throws(FileError) in try keep(path, in: kept, generation: 0) }
    }

    private func write(
        _ batches: [Salvage.Entry],
        from base: Offset,
        as generation: UInt64,
        of facts: PartitionFacts,
        now: Timestamp
    ) throws(StorageError) -> SealedSegment {
        let id = SegmentID(base: base, generation: generation)
        let directory = id.directory(in: facts.directory)
        let file = try StorageError.wrap { () throws(FileError) in
            if try fileSystem.kind(of: directory) == nil { try fileSystem.createDirectory(directory) }
            return try fileSystem.open(directory.appending(SegmentName.log(base)), .create)
        }
        defer { file.close() }
        var (end, size, maxTimestamp) = (base, FilePosition.zero, Int64(-1))
        for entry in batches {
            let place = size
            guard let batch = try? RecordBatch(verifying: entry.bytes), batch.baseOffset == end else {
                let reason = "the batch of offset \(entry.offset) is not whole, or not where \(end) belongs"
                throw .corrupt(path: facts.directory, position: place, reason: reason)
            }
            try StorageError.wrap { () throws(FileError) in try file.write(entry.bytes, at: place) }
            size = size.advanced(by: batch.encodedBytes)
            end = batch.nextOffset
            maxTimestamp = max(maxTimestamp, batch.maxTimestamp.millisecondsSinceEpoch)
        }
        try StorageError.wrap { () throws(FileError) in
            try file.flush(.recoveredSegment)
            try fileSystem.flushDirectory(directory, .recoveredNames)
            try fileSystem.flushDirectory(facts.directory, .recoveredNames)
        }
        return SealedSegment(
            base: base,
            end: end,
            size: size,
            maxTimestamp: maxTimestamp,
            sealedAt: now,
            generation: generation
        )
    }

    private func rewrite(
        _ damaged: [SegmentFacts],
        of facts: PartitionFacts,
        kept: FilePath,
        now: Timestamp
    ) throws(StorageError) {
        var manifest = facts.manifest ?? Manifest()
        let generation = manifest.nextGeneration
        manifest.nextGeneration += 1
        let bases = Set(damaged.map(\.base))
        // The active segment is listed only if it is rewritten: it is sealed by that.
        let listed = facts.segments.filter { !$0.isActive || bases.contains($0.base) }
        var rows: [SealedSegment] = []
        for segment in listed {
            guard bases.contains(segment.base) else {
                if let row = segment.facts { rows.append(row) }
                continue
            }
            rows.append(try rewrite(segment, as: generation, in: facts.directory, now: now))
        }
        manifest.sealed = rows
        manifest.end = rows.last?.end ?? manifest.end
        manifest.logStart = max(manifest.logStart, facts.logStart)
        for epoch in facts.epochs { manifest.epochs.note(epoch.epoch, first: epoch.first) }
        try replaceManifest(of: facts, with: manifest)
        try StorageError.wrap { () throws(FileError) in
            for segment in damaged { try keep(segment.path, in: kept, generation: segment.generation) }
        }
    }

    /// Writes the whole batches of a segment to a new file.
    ///
    /// Their offsets stay, so the new one may have holes, as one that was compacted.
    private func rewrite(
        _ segment: SegmentFacts,
        as generation: UInt64,
        in partition: FilePath,
        now: Timestamp
    ) throws(StorageError) -> SealedSegment {
        let id = SegmentID(base: segment.base, generation: generation)
        let directory = id.directory(in: partition)
        let path = directory.appending(SegmentName.log(id.base))
        let target = try StorageError.wrap { () throws(FileError) in
            if try fileSystem.kind(of: directory) == nil { try fileSystem.createDirectory(directory) }
            return try fileSystem.open(path, .create)
        }
        defer { target.close() }
        let (size, maxTimestamp) = try copy(segment, to: target)
        return try StorageError.wrap { () throws(FileError) in
            try target.flush(.recoveredSegment)
            try fileSystem.flushDirectory(directory, .recoveredNames)
            try fileSystem.flushDirectory(partition, .recoveredNames)
            return SealedSegment(
                base: segment.base,
                end: segment.end,
                size: size,
                maxTimestamp: maxTimestamp,
                sealedAt: segment.sealedAt ?? now,
                generation: generation
            )
        }
    }

    private func copy(
        _ segment: SegmentFacts,
        to target: any StoreFile
    ) throws(StorageError) -> (size: FilePosition, maxTimestamp: Int64) {
        var end = FilePosition.zero
        var maxTimestamp: Int64 = -1
        let kind = try StorageError.wrap { () throws(FileError) in try fileSystem.kind(of: segment.path) }
        guard kind == .file else { return (end, maxTimestamp) }
        let source = try StorageError.wrap { () throws(FileError) in try fileSystem.open(segment.path, .read) }
        defer { source.close() }
        var scan = try SegmentScan(segment, file: source)
        while let piece = try scan.next() {
            guard case .batch(let batch, _) = piece else { continue }
            let place = end
            try StorageError.wrap { () throws(FileError) in try target.write(batch.bytes, at: place) }
            end = end.advanced(by: batch.encodedBytes)
            maxTimestamp = max(maxTimestamp, batch.maxTimestamp.millisecondsSinceEpoch)
        }
        return (end, maxTimestamp)
    }

    /// Lists the segments below the active one from their files: each ends where the next begins.
    private func rebuildManifest(of facts: PartitionFacts, kept: FilePath, now: Timestamp) throws(StorageError) {
        let active = facts.row?.activeBase ?? .zero
        let names = try StorageError.wrap { () throws(FileError) in try fileSystem.list(facts.directory) }
        let bases = names.compactMap { SegmentName.base(ofLog: $0) }.filter { $0 < active }.sorted()
        var manifest = Manifest()
        for (base, end) in zip(bases, bases.dropFirst() + [active]) {
            manifest.sealed.append(try sealedFacts(base, end, in: facts.directory, now: now))
        }
        manifest.end = active
        manifest.logStart = max(facts.row?.logStart ?? .zero, bases.first ?? active)
        for epoch in facts.epochs { manifest.epochs.note(epoch.epoch, first: epoch.first) }
        let path = facts.directory.appending(Manifest.fileName)
        try StorageError.wrap { () throws(FileError) in
            if try fileSystem.kind(of: path) != nil { try keep(path, in: kept, generation: 0) }
        }
        try replaceManifest(of: facts, with: manifest)
    }

    private func sealedFacts(
        _ base: Offset,
        _ end: Offset,
        in directory: FilePath,
        now: Timestamp
    ) throws(StorageError) -> SealedSegment {
        let path = directory.appending(SegmentName.log(base))
        let file = try StorageError.wrap { () throws(FileError) in try fileSystem.open(path, .read) }
        defer { file.close() }
        let size = try StorageError.wrap { () throws(FileError) in try file.size() }
        return SealedSegment(
            base: base,
            end: end,
            size: size,
            maxTimestamp: now.millisecondsSinceEpoch,
            sealedAt: now
        )
    }

    private func replaceManifest(of facts: PartitionFacts, with manifest: Manifest) throws(StorageError) {
        try StorageError.wrap { () throws(FileError) in
            try fileSystem.replace(
                facts.directory.appending(Manifest.fileName),
                with: manifest.encoded(directory: meta.directoryID, key: facts.key),
                fileSite: .manifest,
                nameSite: .manifestName
            )
        }
    }

    /// Moves a file into the directory of what was cut off.
    private func keep(_ path: FilePath, in kept: FilePath, generation: UInt64) throws(FileError) {
        guard try fileSystem.kind(of: path) != nil, let name = path.lastComponent?.string else { return }
        if try fileSystem.kind(of: kept) == nil { try fileSystem.createDirectory(kept) }
        let taken = Set(try fileSystem.list(kept))
        let stem = generation == 0 ? name : "\(name).g\(generation)"
        let free = (0...).lazy.map { $0 == 0 ? stem : "\(stem).\($0)" }.first { !taken.contains($0) } ?? stem
        try fileSystem.rename(path, to: kept.appending(free))
        try fileSystem.flushDirectory(kept, .recoveredNames)
        try fileSystem.flushDirectory(path.parent, .recoveredNames)
    }
}

extension SealedSegment {
    /// An active segment as one that takes no more records.
    fileprivate init(sealing segment: SegmentFacts, at now: Timestamp) {
        self.init(
            base: segment.base,
            end: segment.end,
            size: FilePosition(UInt64(segment.size.value)),
            maxTimestamp: segment.maxTimestamp?.millisecondsSinceEpoch ?? -1,
            sealedAt: now
        )
    }
}

extension Salvage {
    /// Reads one from its file.
    init(at path: FilePath, of key: PartitionKey, owner: [UInt8], fileSystem: any FileSystem) throws(StorageError) {
        let content = try StorageError.wrap { () throws(FileError) in try fileSystem.readWhole(path) }
        try self.init(decoding: content, directory: owner, key: key, path: path)
    }
}
