import NIOCore
import RecordFormat
import SystemPackage

/// Makes a data directory at the first start: topics, ring, checkpoint slots, and `millrace.meta` last.
///
/// A crash before that leaves nothing that counts, and the next start makes all of it anew.
struct DirectoryCreation {
    let configuration: StoreConfiguration
    let paths: StorePaths
    let fileSystem: any FileSystem

    /// What `millrace.meta` says, after making the directory if there is none.
    func existingOrNewMeta(randomBytes: RandomBytes) throws(StorageError) -> StoreMeta {
        let kind = try StorageError.wrap { () throws(FileError) in try fileSystem.kind(of: paths.meta) }
        guard kind == nil else {
            try refuseStrayJournal()
            let content = try StorageError.wrap { () throws(FileError) in
                try fileSystem.flushDirectory(paths.directory, .foundNames)
                return try fileSystem.readWhole(paths.meta)
            }
            return try StoreMeta(decoding: content, path: paths.meta)
        }
        return try create(randomBytes: randomBytes)
    }

    /// Refuses a directory that is something else's; called before anything is made in it, the lock file included.
    ///
    /// One without `millrace.meta` may hold what an interrupted creation left, and nothing else.
    func refuseForeignContent() throws(StorageError) {
        let directory = paths.directory
        guard try StorageError.wrap({ () throws(FileError) in try fileSystem.kind(of: directory) }) == .directory else {
            throw .notADataDirectory(path: directory, reason: "it is no directory: choose another --data-dir")
        }
        guard try StorageError.wrap({ () throws(FileError) in try fileSystem.kind(of: paths.meta) }) == nil else {
            return
        }
        let leftovers: Set<String> = [
            "lock", "ballast", "journal", "journal.new", "checkpoint.a", "checkpoint.b", "topics", "millrace.meta.new",
            "lost+found", "producers",
        ]
        let names = try StorageError.wrap { () throws(FileError) in try fileSystem.list(paths.directory) }
        if let foreign = names.first(where: { !leftovers.contains($0) }) {
            throw .notADataDirectory(
                path: paths.directory,
                reason: "it holds '\(foreign)' and no millrace.meta: choose an empty directory"
            )
        }
        guard names.contains("topics") else { return }
        let topics = try StorageError.wrap { () throws(FileError) in try fileSystem.list(paths.topics) }
        guard topics.isEmpty else {
            throw .notADataDirectory(
                path: paths.directory,
                reason: "it holds topics, but millrace.meta is missing: restore that file"
            )
        }
    }

    private func create(randomBytes: RandomBytes) throws(StorageError) -> StoreMeta {
        let meta = StoreMeta(
            directoryID: randomBytes(16),
            clusterID: randomBytes(16),
            nodeID: 1,
            secretKey: randomBytes(32),
            coordinatorShards: configuration.coordinatorShards
        )
        try StorageError.wrap { () throws(FileError) in
            if try fileSystem.kind(of: paths.topics) == nil {
                try fileSystem.createDirectory(paths.topics)
            }
        }
        let ring = try createRing(meta, id: randomBytes(16))
        try StorageError.wrap { () throws(FileError) in
            let names = ProducerRegistry(savedAt: .epoch).encoded(directory: meta.directoryID, at: .epoch)
            try fileSystem.write(names, asNew: paths.producers, .producersFile)
            try Ballast(fileSystem: fileSystem, path: paths.ballast, bytes: ring).make(isNew: true)
            let first = CheckpointRecord(
                generation: 1,
                lsn: LSN(0),
                run: LeaderEpoch(1),
                isClean: true,
                nextProducer: ProducerRequest.numberMin,
                rows: []
            )
            try CheckpointSlots(fileSystem: fileSystem, paths: paths, directoryID: meta.directoryID).create(first)
            try fileSystem.replace(paths.meta, with: meta.encoded(), fileSite: .metaFile, nameSite: .metaName)
        }
        return meta
    }

    /// - Returns: the ring's size.
    private func createRing(_ meta: StoreMeta, id: [UInt8]) throws(StorageError) -> ByteCount {
        let elsewhere = paths.journal.parent
        let kind = try StorageError.wrap { () throws(FileError) in try fileSystem.kind(of: paths.journal) }
        if elsewhere != paths.directory, kind != nil {
            throw .notADataDirectory(
                path: elsewhere,
                reason:
                    "it holds the journal of another data directory, or of a start that was interrupted: choose another"
                    + " --journal-dir, or remove that file if no data directory needs it"
            )
        }
        var ringBytes = 0
        try JournalRing.create(
            paths.journal,
            fileSystem: fileSystem,
            directory: meta.directoryID
        ) { alignment, volume throws(StorageError) in
            let geometry = try configuration.geometry(id: id, alignment: alignment, volume: volume)
            ringBytes = geometry.ringBytes
            return geometry
        }
        if elsewhere != paths.directory {
            try StorageError.wrap { () throws(FileError) in
                try fileSystem.flushDirectory(elsewhere, .checkpointNames)
            }
        }
        return ByteCount(ringBytes)
    }

    /// One journal belongs to a directory: it must be where the configuration says, and nowhere else.
    private func refuseStrayJournal() throws(StorageError) {
        let here = paths.directory.appending("journal")
        let (isThere, isHere) = try StorageError.wrap { () throws(FileError) in
            (try fileSystem.kind(of: paths.journal) != nil, try fileSystem.kind(of: here) != nil)
        }
        guard isThere else {
            throw .corrupt(
                path: paths.journal,
                position: .zero,
                reason: "it is missing: start with the --journal-dir that the directory was made with, or restore it"
            )
        }
        if isHere, here != paths.journal {
            throw .corrupt(
                path: here,
                position: .zero,
                reason: "there is another journal in \(paths.journal.parent): only one can be this directory's;"
                    + " start with the --journal-dir that it was made with"
            )
        }
    }
}
