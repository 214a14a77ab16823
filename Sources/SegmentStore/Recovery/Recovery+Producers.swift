import NIOCore
import RecordFormat
import SystemPackage

/// The names of producers at a start.
extension Recovery {
    /// The registry as the last checkpoint left it.
    ///
    /// A file that is missing or damaged refuses the start: producers would get other numbers, their windows would be lost,
    /// and a retry could be stored twice.
    func readProducers() throws(StorageError) -> ProducerRegistry {
        let path = paths.producers
        let kind = try StorageError.wrap { () throws(FileError) in try fileSystem.kind(of: path) }
        guard kind != nil else {
            throw .corrupt(
                path: path,
                position: .zero,
                reason: "it is missing: without it a retry could be stored twice; restore the file"
            )
        }
        let content = try StorageError.wrap { () throws(FileError) in try fileSystem.readWhole(path) }
        return try ProducerRegistry(decoding: content, directory: meta.directoryID, path: path, now: wallTime())
    }

    /// Adds the names that the journal registered since then.
    ///
    /// A batch above the checkpoint whose producer has no name by then means that the file is older than the checkpoint:
    /// a number is registered in the frame of its first batch, at the latest.
    func note(_ journal: JournalContent, in producers: inout ProducerRegistry) throws(StorageError) {
        let now = wallTime()
        for (number, name) in journal.registrations { producers.register(number, name, at: now) }
        guard journal.highestProducer < producers.next else {
            throw .corrupt(
                path: paths.producers,
                position: .zero,
                reason: "it does not know producer \(journal.highestProducer), of which the journal has batches:"
                    + " it is older than the checkpoint; restore the right one"
            )
        }
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
