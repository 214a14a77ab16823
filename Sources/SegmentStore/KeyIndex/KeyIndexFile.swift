import NIOCore
import RecordFormat
import SystemPackage

/// The layout of a partition's file `keys`: the index of its keys as it stood at an offset.
///
/// It saves the reading of the log, and is no evidence about it: a file that is damaged, or that does not fit the log as it is
/// found, is passed over. A first page of 4096 bytes in the envelope of our own small files, then pages of keys, then pages of
/// distances. Each page's checksum begins with that of the first page, whose number at the end no other file has, so
/// that pages of two files cannot be mixed.
///
/// ```
/// first page, in the envelope; then zeros      further pages
///   0 16  topic id                              0  4  CRC-32C of what follows in the page, begun with that of the first page
///  16  4  partition                             4  4  number of the page, from 1
///  20  4  run             of the last batch     8  .. keys, 2048 of them in every page but the last; or
///  24  8  version                                     distances, 16384 of them in every page but the last
///  32  8  log start offset
///  40  8  compacted below                      key: 0 16 hash
///  48  8  next generation                          16  8 offset of the latest record
///  56  8  history floor                            24  8 when it came into being, in milliseconds
///  64  8  number of keys
///  72  8  number of distances                  distance: 4 bytes, one for each record from the history's floor on;
///  80 16  check                                 how far back the version before stands, 0 where there is none
///  96  8  a random number
/// 104  8  begun           the next compaction's number when the first record was read
/// ```
enum KeyIndexFile {
    static let name = "keys"
    static let headBytes = 4096
    static let pageHeadBytes = 8
    static let keyBytes = 32
    static let keysPerPage = 2048
    static let distanceBytes = 4
    static let distancesPerPage = 16_384

    /// A part of the file: rows of one size.
    struct Section: Hashable {
        let rowBytes: Int
        let rowsPerPage: Int
        let count: Int

        var pageCount: Int { (count + rowsPerPage - 1) / rowsPerPage }
        var bytes: Int { pageCount * KeyIndexFile.pageHeadBytes + count * rowBytes }
        /// How many rows stand in a page, counted from 0.
        func rows(in page: Int) -> Int { min(rowsPerPage, count - page * rowsPerPage) }
    }

    static func checksum(_ bytes: ByteBuffer, seed: UInt32) -> UInt32 {
        bytes.withUnsafeReadableBytes { CRC32C.checksum($0, seed: seed) }
    }
}

extension KeyIndexFacts {
    var keys: KeyIndexFile.Section {
        .init(rowBytes: KeyIndexFile.keyBytes, rowsPerPage: KeyIndexFile.keysPerPage, count: keyCount)
    }

    var distances: KeyIndexFile.Section {
        .init(rowBytes: KeyIndexFile.distanceBytes, rowsPerPage: KeyIndexFile.distancesPerPage, count: distanceCount)
    }

    var fileBytes: Int { KeyIndexFile.headBytes + keys.bytes + distances.bytes }
}

/// The first page: whose index it is, what it holds, and how the log stood when it was written.
struct KeyIndexHead: Hashable {
    let key: PartitionKey
    /// The leader epoch of the last batch before the version; a log that was cut behind it and has grown again has another.
    let run: LeaderEpoch
    let logStart: Offset
    let compactedBelow: Offset
    let nextGeneration: UInt64
    let facts: KeyIndexFacts
    let number: UInt64

    /// The page, with the zeros behind it.
    func encoded(directory: [UInt8]) -> ByteBuffer {
        var body = ByteBuffer()
        body.writeTopicID(key.topic)
        body.writeMultipleIntegers(key.partition.value, run.value, facts.version.value)
        body.writeMultipleIntegers(logStart.value, compactedBelow.value, nextGeneration)
        body.writeMultipleIntegers(facts.historyFloor.value, Int64(facts.keyCount), Int64(facts.distanceCount))
        body.writeMultipleIntegers(facts.check.low, facts.check.high, number, facts.begun)
        var page = SealedFile.encode(.keys, directory: directory, body: body)
        page.writeRepeatingByte(0, count: KeyIndexFile.headBytes - page.readableBytes)
        return page
    }

    init(
        _ facts: KeyIndexFacts,
        key: PartitionKey,
        run: LeaderEpoch,
        logStart: Offset,
        compactedBelow: Offset,
        nextGeneration: UInt64,
        number: UInt64
    ) {
        self.facts = facts
        self.key = key
        self.run = run
        self.logStart = logStart
        self.compactedBelow = compactedBelow
        self.nextGeneration = nextGeneration
        self.number = number
    }

    /// - Throws: `corrupt`, `foreign`, or another version's, as every file of our own.
    init(decoding page: ByteBuffer, directory: [UInt8], path: FilePath) throws(StorageError) {
        var body = try SealedFile.decode(.keys, page, directory: directory, path: path).body
        guard let topic = body.readTopicID(),
            let (partition, run, version) = body.readMultipleIntegers(as: (Int32, Int32, Int64).self),
            let (start, compacted, generation) = body.readMultipleIntegers(as: (Int64, Int64, UInt64).self),
            let (floor, keys, distances) = body.readMultipleIntegers(as: (Int64, Int64, Int64).self),
            let (low, high, number, begun) = body.readMultipleIntegers(as: (UInt64, UInt64, UInt64, UInt64).self),
            version >= 0, start >= 0, compacted >= 0, floor >= 0,
            (0...version).contains(keys), (0...version).contains(distances)
        else { throw .corrupt(path: path, position: .zero, reason: "the first page is not one of an index of keys") }
        self.init(
            KeyIndexFacts(
                version: Offset(version),
                begun: begun,
                historyFloor: Offset(floor),
                keyCount: Int(keys),
                distanceCount: Int(distances),
                check: KeyIndexHash(low: low, high: high)
            ),
            key: PartitionKey(topic: topic, partition: PartitionIndex(partition)),
            run: LeaderEpoch(run),
            logStart: Offset(start),
            compactedBelow: Offset(compacted),
            nextGeneration: generation,
            number: number
        )
    }
}
