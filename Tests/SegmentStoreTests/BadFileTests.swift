import BrokerTestSupport
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// Every file of a small directory truncated, extended, zeroed, missing, or another's: a clear refusal, or a correct
/// recovery; never wrong bytes, and never a partition harmed whose files are as they were.
///
/// After a clean stop, after a checkpoint, and with records above it.
@Suite struct BadFileTests {
    /// What is done to a file.
    private enum Damage: String, CaseIterable {
        case truncatedToNothing, truncatedByHalf, truncatedByOne, extended, zeroed, missing, swapped
    }

    private static let topics = [TestStore.topic, TopicID(high: 11, low: 12)]

    /// A directory of two topics of two partitions, each with sealed segments, and its values.
    private struct World {
        let image: SimulatedImage
        let values: [PartitionKey: [String]]
    }

    private enum Stop: CaseIterable { case clean, afterCheckpoint, above }

    private static func world(_ stop: Stop, tag: String, seed: UInt64 = 5) throws -> World {
        let test = try TestStore(seed: seed)
        let second = StoredTopic(id: topics[1], name: TopicName(internal: "second"), partitionCount: 2)
        try test.store.createTopic(second)
        var values: [PartitionKey: [String]] = [:]
        for round in 0..<9 {
            for topic in topics {
                for index in 0..<2 {
                    let key = PartitionKey(topic: topic, partition: PartitionIndex(Int32(index)))
                    let value = "\(tag) \(topic.low)/\(index) \(round) " + String(repeating: "v", count: 90 + round * 7)
                    _ = try test.append(value, to: key)
                    values[key, default: []].append(value)
                }
            }
            if round == 5 || (round == 8 && stop == .afterCheckpoint) { try test.checkpoint() }
        }
        if stop == .clean { try test.store.close() }
        return World(image: test.fileSystem.afterProcessDeath().image, values: values)
    }

    @Test(arguments: [0, 1, 2])
    func everyBadFileIsRefusedOrRecovered(stop: Int) async throws {
        let wrong = try await onItsOwnThread {
            let stop = Stop.allCases[stop]
            return try Self.damageEveryFile(
                Self.world(stop, tag: "ours"),
                Self.world(stop, tag: "strangers", seed: 6),
                stop
            )
        }
        #expect(wrong == [])
    }

    private static func damageEveryFile(_ world: World, _ stranger: World, _ stop: Stop) throws -> [String] {
        let paths = SimulatedFileSystem(world.image).paths.filter { !$0.hasSuffix("/") && !$0.hasSuffix("/lock") }
        var wrongs: [String] = []
        var outcomes: [String: Int] = [:]
        for path in paths {
            for damage in Damage.allCases {
                for neighbour in damage == .swapped ? neighbours(of: path, paths) : [nil] {
                    let fileSystem = SimulatedFileSystem(world.image)
                    try apply(damage, to: path, neighbour, on: fileSystem)
                    let why = "\(stop), \(damage.rawValue) \(path) \(neighbour ?? "")"
                    let harmed = [path, neighbour].compactMap { $0.flatMap(partition) }
                    let found = outcome(fileSystem, world, mayBeHarmed: harmed)
                    outcomes[found.kind, default: 0] += 1
                    if let wrong = found.wrong { wrongs.append("\(why): \(wrong)") }
                }
            }
            // The same file of another directory, where it has the same name there.
            guard let foreign = try? SimulatedFileSystem(stranger.image).contents(of: FilePath(path)) else { continue }
            let fileSystem = SimulatedFileSystem(world.image)
            try fileSystem.replaceContents(of: FilePath(path), with: foreign)
            guard !isNameless(path) else { continue }
            let found = outcome(fileSystem, world, mayBeHarmed: [partition(of: path)].compactMap(\.self))
            if let wrong = found.wrong { wrongs.append("\(stop), a stranger's \(path): \(wrong)") }
        }
        print("bad files, \(stop): \(outcomes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })")
        if outcomes["refused", default: 0] == 0 || outcomes["served", default: 0] == 0 {
            wrongs.append("\(stop): the table has an empty column: \(outcomes)")
        }
        return wrongs
    }

    /// Logs and indexes are Kafka's formats and name nobody: see the exceptions in docs/on-disk-format.md.
    private static func isNameless(_ path: String) -> Bool {
        [".log", ".index", ".timeindex"].contains { path.hasSuffix($0) }
    }

    /// Files of the same kind to swap with: of the other partition, of the other topic, of another segment.
    private static func neighbours(of path: String, _ paths: [String]) -> [String?] {
        let name = FilePath(path).lastComponent?.string ?? ""
        let kind = name.split(separator: ".").last.map(String.init) ?? name
        return paths.filter { other in
            guard other > path, let otherName = FilePath(other).lastComponent?.string else { return false }
            if isNameless(path) {
                // Swapped with another segment of the same partition.
                return otherName.hasSuffix(kind) && partition(of: other) == partition(of: path)
            }
            return otherName == name || (name.hasPrefix("checkpoint") && otherName.hasPrefix("checkpoint"))
        }
    }

    private static func apply(
        _ damage: Damage,
        to path: String,
        _ neighbour: String?,
        on fileSystem: SimulatedFileSystem
    ) throws {
        let file = FilePath(path)
        let bytes = try fileSystem.contents(of: file)
        switch damage {
        case .truncatedToNothing: try fileSystem.replaceContents(of: file, with: [])
        case .truncatedByHalf: try fileSystem.replaceContents(of: file, with: Array(bytes.prefix(bytes.count / 2)))
        case .truncatedByOne: try fileSystem.replaceContents(of: file, with: Array(bytes.dropLast()))
        case .extended: try fileSystem.replaceContents(of: file, with: bytes + [1, 2, 3])
        case .zeroed: try fileSystem.replaceContents(of: file, with: bytes.map { _ in 0 })
        case .missing: try fileSystem.unlink(file)
        case .swapped:
            guard let neighbour = neighbour.map({ FilePath($0) }) else { return }
            try fileSystem.replaceContents(of: file, with: fileSystem.contents(of: neighbour))
            try fileSystem.replaceContents(of: neighbour, with: bytes)
        }
    }

    /// The partition in whose directory a file lies.
    private static func partition(of path: String) -> PartitionKey? {
        let parts = path.split(separator: "/")
        guard parts.count >= 3, let index = Int32(parts[parts.count - 2]),
            let topic = TopicID(hex: String(parts[parts.count - 3]))
        else { return nil }
        return PartitionKey(topic: topic, partition: PartitionIndex(index))
    }

    private static func outcome(
        _ fileSystem: SimulatedFileSystem,
        _ world: World,
        mayBeHarmed: [PartitionKey]
    ) -> (kind: String, wrong: String?) {
        let test: TestStore
        do {
            test = try TestStore(fileSystem)
        } catch let error as StorageError {
            // A file of one partition refuses no start.
            if case .foreign = error { return ("refused", nil) }
            return ("refused", mayBeHarmed.isEmpty ? nil : "the start was refused: \(error)")
        } catch {
            return ("refused", "\(error)")
        }
        var kind = "served"
        for (key, expected) in world.values {
            guard let log = test.store.partition(key) else { return (kind, "\(key) is gone") }
            let found = readable(test, key, expected.count)
            if log.quarantine != nil || found != expected.map(Optional.some) {
                kind = "harmed"
                guard mayBeHarmed.contains(key) else {
                    return (kind, "\(key) is harmed: \(log.quarantine?.reason ?? "\(found)")")
                }
            }
            for (offset, value) in found.enumerated() where value != nil && value != expected[offset] {
                return (kind, "\(key) gives \(value ?? "") at \(offset)")
            }
        }
        return (kind, nil)
    }

    /// What each offset reads as, nil where reading is refused.
    private static func readable(_ test: TestStore, _ key: PartitionKey, _ count: Int) -> [String?] {
        (0..<count).map { offset in
            guard let log = test.store.partition(key),
                let slice = try? log.read(from: Offset(Int64(offset)), bytesMax: ByteCount(1)),
                let record = try? slice.batches.first?.decodedRecords().first(where: { $0.offset.value == offset })
            else { return nil }
            return record.value.map { String(buffer: $0) }
        }
    }
}
