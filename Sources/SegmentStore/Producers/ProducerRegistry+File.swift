import NIOCore
import RecordFormat
import SystemPackage

/// The file `producers`.
///
/// ```
///  0  8  next number     none from here on was ever given out
///  8  4  number of names, then for each:
///     8  number
///     8  milliseconds for which it had been idle when the file was written
///     .. ProducerName
/// ```
/// Idle times, and not moments, so that a producer does not expire while the broker is down.
extension ProducerRegistry {
    func encoded(directory: [UInt8], at now: Timestamp) -> ByteBuffer {
        let registered = entries.filter { $0.value.isRegistered }.sorted { $0.key < $1.key }
        var body = ByteBuffer()
        body.writeMultipleIntegers(next, UInt32(registered.count))
        for (number, entry) in registered {
            let idle = now.millisecondsSinceEpoch - entry.lastUsed.millisecondsSinceEpoch
            body.writeMultipleIntegers(number, min(max(0, idle), Self.idleMillisecondsMax))
            entry.name.encode(into: &body)
        }
        return SealedFile.encode(.producers, directory: directory, body: body)
    }

    /// The registry as the last checkpoint left it.
    ///
    /// A file that is missing, damaged or older refuses the start: producers would get other numbers, their windows would be
    /// lost, and a retry could be stored twice.
    ///
    /// - Parameter nextAtLeast: the next number as the checkpoint has it.
    init(
        at path: FilePath,
        directory: [UInt8],
        fileSystem: any FileSystem,
        nextAtLeast: Int64,
        now: Timestamp
    ) throws(StorageError) {
        let content = try StorageError.wrap { () throws(FileError) in
            try fileSystem.kind(of: path) == nil ? nil : try fileSystem.readWhole(path)
        }
        guard let content else {
            throw .corrupt(
                path: path,
                position: .zero,
                reason: "it is missing: without it a retry could be stored twice; restore the file"
            )
        }
        try self.init(decoding: content, directory: directory, path: path, now: now)
        guard next >= nextAtLeast else {
            throw .corrupt(
                path: path,
                position: .zero,
                reason: "its next number is \(next), and the checkpoint says \(nextAtLeast):"
                    + " it is older than the checkpoint; restore the right one"
            )
        }
    }

    /// Adds the names that the journal registered since then.
    ///
    /// A batch above the checkpoint whose producer has no name by then means that the file is older than the checkpoint:
    /// a number is registered in the frame of its first batch, at the latest.
    mutating func add(_ journal: JournalContent, at now: Timestamp, path: FilePath) throws(StorageError) {
        for (number, name) in journal.registrations { register(number, name, at: now) }
        guard journal.highestProducer < next else {
            throw .corrupt(
                path: path,
                position: .zero,
                reason: "it does not know producer \(journal.highestProducer), of which the journal has batches:"
                    + " it is older than the checkpoint; restore the right one"
            )
        }
    }

    init(decoding file: ByteBuffer, directory: [UInt8], path: FilePath, now: Timestamp) throws(StorageError) {
        var body = try SealedFile.decode(.producers, file, directory: directory, path: path).body
        guard let (next, count) = body.readMultipleIntegers(as: (Int64, UInt32).self),
            next >= ProducerRequest.numberMin
        else { throw .corrupt(path: path, position: .zero, reason: "the body is too short") }
        self.init(next: next, savedAt: now)
        for row in 0..<count {
            guard let (number, idle) = body.readMultipleIntegers(as: (Int64, Int64).self),
                let name = ProducerName(decoding: &body), number >= ProducerRequest.numberMin, number < next,
                (0...Self.idleMillisecondsMax).contains(idle)
            else { throw .corrupt(path: path, position: .zero, reason: "name \(row) of \(count) is damaged") }
            restore(number, name, lastUsed: now.advanced(byMilliseconds: -idle))
        }
    }

    /// 10,000 years: more is no time.
    private static let idleMillisecondsMax: Int64 = 10_000 * 366 * 24 * 3600 * 1000
}
