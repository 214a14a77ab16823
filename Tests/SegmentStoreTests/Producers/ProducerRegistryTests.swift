import NIOCore
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

@Suite struct ProducerRegistryTests {
    static let directory = [UInt8](repeating: 3, count: 16)
    static let path: FilePath = "/data/producers"
    static let hour: Int64 = 3_600_000

    static func name(_ id: String, principal: String = "anonymous") -> ProducerName {
        ProducerName(namespace: .default, principal: principal, id: id)
    }

    static func time(_ milliseconds: Int64) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: 1_700_000_000_000 + milliseconds)
    }

    private func reread(
        _ registry: ProducerRegistry,
        savedAt: Timestamp,
        readAt: Timestamp
    ) throws -> ProducerRegistry {
        let file = registry.encoded(directory: Self.directory, at: savedAt)
        return try ProducerRegistry(decoding: file, directory: Self.directory, path: Self.path, now: readAt)
    }

    @Test func numbersBeginAboveKafkasAndAreNeverGivenTwice() throws {
        var registry = ProducerRegistry(savedAt: Self.time(0))
        let first = registry.give(Self.name("a"), at: Self.time(0))
        let second = registry.give(Self.name("a", principal: "other"), at: Self.time(0))
        #expect(first == 1 << 62)
        #expect(second == first + 1)
        registry.register(first, Self.name("a"), at: Self.time(0))
        registry.register(second, Self.name("a", principal: "other"), at: Self.time(0))
        let expired = registry.expire(at: Self.time(24 * Self.hour), idleMaxMilliseconds: 24 * Self.hour)
        #expect(expired.count == 2)
        #expect(registry.count == 0)
        var later = try reread(registry, savedAt: Self.time(1), readAt: Self.time(2))
        #expect(later.give(Self.name("a"), at: Self.time(3)) == first + 2)
    }

    @Test func onlyWhatHasABatchIsWritten() throws {
        var registry = ProducerRegistry(savedAt: Self.time(0))
        let stored = registry.give(Self.name("stored"), at: Self.time(0))
        _ = registry.give(Self.name("refused"), at: Self.time(0))
        #expect(registry.takeChanges(at: Self.time(0), idleMaxMilliseconds: Self.hour) == nil)
        registry.register(stored, Self.name("stored"), at: Self.time(0))
        let taken = registry.takeChanges(at: Self.time(0), idleMaxMilliseconds: Self.hour)
        let changed = try #require(taken)
        #expect(registry.takeChanges(at: Self.time(0), idleMaxMilliseconds: Self.hour) == nil)
        let later = try reread(changed, savedAt: Self.time(0), readAt: Self.time(0))
        #expect(later.number(of: Self.name("stored")) == stored)
        #expect(later.isRegistered(stored))
        #expect(later.number(of: Self.name("refused")) == nil)
    }

    @Test func aNumberWithoutABatchIsKeptForAWhileOnly() {
        var registry = ProducerRegistry(savedAt: Self.time(0))
        let number = registry.give(Self.name("a"), at: Self.time(0))
        let limit = ProducerRegistry.unusedMaxMilliseconds
        #expect(registry.expire(at: Self.time(limit - 1), idleMaxMilliseconds: 24 * Self.hour).isEmpty)
        #expect(registry.expire(at: Self.time(limit), idleMaxMilliseconds: 24 * Self.hour) == [number])
        #expect(registry.give(Self.name("a"), at: Self.time(limit)) == number + 1)
    }

    @Test func idleTimePassesOnlyWhileTheBrokerRuns() throws {
        var registry = ProducerRegistry(savedAt: Self.time(0))
        let number = registry.give(Self.name("a"), at: Self.time(0))
        registry.register(number, Self.name("a"), at: Self.time(0))
        var later = try reread(registry, savedAt: Self.time(20 * Self.hour), readAt: Self.time(900 * Self.hour))
        #expect(later.expire(at: Self.time(903 * Self.hour), idleMaxMilliseconds: 24 * Self.hour).isEmpty)
        #expect(later.expire(at: Self.time(904 * Self.hour), idleMaxMilliseconds: 24 * Self.hour) == [number])
    }

    @Test func usesAreWrittenNowAndThen() {
        var registry = ProducerRegistry(savedAt: Self.time(0))
        let number = registry.give(Self.name("a"), at: Self.time(0))
        registry.register(number, Self.name("a"), at: Self.time(0))
        _ = registry.takeChanges(at: Self.time(0), idleMaxMilliseconds: 24 * Self.hour)
        registry.touch(number, at: Self.time(2 * Self.hour))
        #expect(registry.takeChanges(at: Self.time(3 * Self.hour), idleMaxMilliseconds: 24 * Self.hour) == nil)
        #expect(registry.takeChanges(at: Self.time(4 * Self.hour), idleMaxMilliseconds: 24 * Self.hour) != nil)
        #expect(registry.takeChanges(at: Self.time(9 * Self.hour), idleMaxMilliseconds: 24 * Self.hour) == nil)
    }

    @Test func aNameThatCameBackHasItsLastNumber() {
        var registry = ProducerRegistry(savedAt: Self.time(0))
        registry.restore(1 << 62, Self.name("a"), lastUsed: Self.time(0))
        registry.register((1 << 62) + 4, Self.name("a"), at: Self.time(1))
        let number: Int64 = (1 << 62) + 4
        #expect(registry.number(of: Self.name("a")) == number)
        #expect(registry.count == 1)
        #expect(registry.next == (1 << 62) + 5)
    }
}
