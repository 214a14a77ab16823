import NIOCore
import RecordFormat
import SystemPackage

/// The names of producers at a start.
extension Recovery {
    /// The registry as the last checkpoint left it, and the names that the journal registered since then.
    func producers(
        of checkpoint: CheckpointRecord,
        with journal: JournalContent
    ) throws(StorageError) -> ProducerRegistry {
        let now = wallTime()
        var producers = try ProducerRegistry(
            at: paths.producers,
            directory: meta.directoryID,
            fileSystem: fileSystem,
            nextAtLeast: checkpoint.nextProducer,
            now: now
        )
        try producers.add(journal, at: now, path: paths.producers)
        return producers
    }

    /// Writes the names down, before the record after which the journal may forget them.
    func save(_ producers: inout ProducerRegistry) throws(StorageError) {
        let now = wallTime()
        let limit = configuration.producers.idleMaxMilliseconds
        guard let changed = producers.takeChanges(at: now, idleMaxMilliseconds: limit) else { return }
        try StorageError.wrap { () throws(FileError) in
            try fileSystem.givingRoom { () throws(FileError) in
                try fileSystem.replace(
                    paths.producers,
                    with: changed.encoded(directory: meta.directoryID, at: now),
                    fileSite: .producersFile,
                    nameSite: .producersName
                )
            }
        }
    }
}
