import BrokerTestSupport
import NIOCore
import RecordFormat
import Synchronization
import SystemPackage
import Testing

@testable import SegmentStore

/// Reading around damage: what is whole is served, what is not is told with where to go on.
@Suite struct HoleTests {
    private static let values = (0..<14).map { "value \($0) " + String(repeating: "x", count: $0 * 13 % 60) }

    private static func closed() throws -> (image: SimulatedImage, segments: [Int64]) {
        let test = try TestStore()
        for value in values { _ = try test.append(value) }
        try test.store.close()
        let segments = test.fileSystem.paths.compactMap { path -> Int64? in
            guard path.contains("/0/"), path.hasSuffix(".log") else { return nil }
            return Int64(path.dropLast(4).suffix(20))
        }
        return (test.fileSystem.image, segments)
    }

    /// Reads everything, going on behind each hole; also what no offset gave, and whether a hole was told for it.
    private static func readAround(_ test: TestStore) throws -> (values: [Int64: String], holes: [Hole]) {
        let log = try test.log()
        var values: [Int64: String] = [:]
        var holes: [Hole] = []
        var next = log.watermarks.logStart.offset
        while next < log.watermarks.visible.offset {
            do throws(StorageError) {
                let slice = try log.read(from: next, bytesMax: ByteCount(300))
                for batch in slice.batches {
                    let value = try? batch.decodedRecords().first?.value
                    values[batch.baseOffset.value] = value.map { String(buffer: $0) }
                }
                if let hole = slice.hole { holes.append(hole) }
                guard slice.next > next else { return (values, holes) }
                next = slice.next
            } catch {
                guard case .hole(let hole) = error, hole.to > next else { throw error }
                holes.append(hole)
                next = hole.to
            }
        }
        return (values, holes)
    }

    @Test func everyFlippedByteLosesAtMostItsOwnBatch() async throws {
        #expect(try await onItsOwnThread { try Self.flipEveryByte() } == [])
    }

    private static func flipEveryByte() throws -> [String] {
        let (image, segments) = try closed()
        var wrongs: [String] = []
        for base in segments {
            let clean = try TestStore(SimulatedFileSystem(image))
            let size = try clean.fileSystem.contents(of: clean.segment(base)).count
            for position in 0..<size {
                let fileSystem = SimulatedFileSystem(image)
                try fileSystem.flipBit(of: clean.segment(base), at: FilePosition(UInt64(position)), bit: position % 8)
                let test = try TestStore(fileSystem)
                let (found, holes) = try readAround(test)
                let lost = (0..<Int64(values.count)).filter { found[$0] == nil }
                let why = "segment \(base) byte \(position): lost \(lost), \(holes.map { "\($0.from)..<\($0.to)" })"
                if found.contains(where: { $0.value != values[Int($0.key)] }) { wrongs.append("\(why): wrong") }
                if lost.count > 1 || holes.count > 1 { wrongs.append(why) }
                if let only = lost.first, holes.first.map({ $0.from.value...$0.to.value - 1 }) != only...only {
                    wrongs.append(why)
                }
                let isSetAside = try test.log().quarantine != nil
                if isSetAside != !lost.isEmpty { wrongs.append("\(why): set aside \(isSetAside)") }
            }
        }
        return wrongs
    }

    @Test func aMissingSegmentIsOneHole() throws {
        let (image, segments) = try Self.closed()
        let fileSystem = SimulatedFileSystem(image)
        let test = try TestStore(SimulatedFileSystem(image))
        try fileSystem.unlink(test.segment(segments[1]))
        let (found, holes) = try Self.readAround(TestStore(fileSystem))
        #expect(holes.map(\.from.value) == [segments[1]] && holes.map(\.to.value) == [segments[2]])
        #expect(found.count == Self.values.count - Int(segments[2] - segments[1]))
    }

    @Test func aTopicThatSkipsPassesDamageAndTakesMore() throws {
        let test = try TestStore()
        let id = TopicID(high: 21, low: 22)
        let topic = StoredTopic(
            id: id,
            name: TopicName(internal: "skipping"),
            partitionCount: 1,
            settings: ["onCorruption": "skip"]
        )
        try test.store.createTopic(topic)
        let key = PartitionKey(topic: id, partition: PartitionIndex(0))
        for value in Self.values { _ = try test.append(value, to: key) }
        try test.checkpoint()
        let path = test.path("topics").appending(id.hex).appending("0").appending("00000000000000000000.log")
        try test.fileSystem.flipBit(of: path, at: FilePosition(70), bit: 2)
        try Self.expectPassed(test.store, key)
        try Self.expectPassed(TestStore(test.fileSystem.afterProcessDeath()).store, key)
    }

    private static func expectPassed(_ store: LogStore, _ key: PartitionKey) throws {
        let log = try #require(store.partition(key))
        let first = try log.read(from: .zero, bytesMax: ByteCount(1000))
        #expect(first.hole?.from == .zero && first.hole?.to == Offset(1))
        #expect(first.batches.isEmpty && first.next == Offset(1))
        #expect(try log.read(from: Offset(1), bytesMax: ByteCount(10)).batches.first?.baseOffset == Offset(1))
        #expect(log.quarantine == nil)
    }

    @Test func aReadThatFailsOnceIsTriedPastTheCache() throws {
        let (image, _) = try Self.closed()
        let fileSystem = SimulatedFileSystem(image)
        let test = try TestStore(fileSystem)
        let segment = test.segment()
        fileSystem.plan(.failure(.ioError), times: 1) { $0.path == segment && $0.kind == .read }
        #expect(try test.values() == Self.values)
        #expect(try test.log().quarantine == nil)
    }

    @Test func aDamagedReadSetsThePartitionAsideAndTells() throws {
        let (image, _) = try Self.closed()
        let fileSystem = SimulatedFileSystem(image)
        let test = try TestStore(fileSystem)
        let told = Told()
        test.store.onQuarantine { key, quarantine in told.add("\(key) \(quarantine.reason)") }
        try fileSystem.flipBit(of: test.segment(), at: FilePosition(70), bit: 0)
        for _ in 0..<2 { #expect(throws: StorageError.self) { try test.values() } }
        #expect(told.texts.count == 1 && told.texts[0].contains("go on at 1"))
        #expect(test.store.quarantined().keys.map(\.self) == [TestStore.key])
        guard case .refused(.quarantined) = try test.append("more") else {
            Issue.record("a damaged partition took a record")
            return
        }
    }

    @Test func damageAboveTheCheckpointStopsTheStore() throws {
        let test = try TestStore()
        _ = try test.append("below")
        try test.checkpoint()
        let big = String(repeating: "y", count: 300)
        for _ in 0..<2 { _ = try test.append(big) }
        let log = try test.log()
        // Without the tail in memory, as for a reader that lags.
        log.state.withLock { $0.tail.removeAll(log.health.tails) }
        let place = try FilePosition(UInt64(test.fileSystem.contents(of: test.segment()).count - 5))
        try test.fileSystem.flipBit(of: test.segment(), at: place, bit: 0)
        #expect(throws: StorageError.self) { try log.read(from: Offset(1), bytesMax: ByteCount(1000)) }
        #expect(test.store.hasFailed)
        #expect(log.quarantine == nil)
    }
}

/// What was told, from any thread.
final class Told: Sendable {
    private let lines = Mutex<[String]>([])
    var texts: [String] { lines.withLock { $0 } }
    func add(_ text: String) { lines.withLock { $0.append(text) } }
}
