import BrokerCore
import NIOCore
import RecordFormat
import Testing

@testable import BrokerAPI

/// Those who watch a collection at its tail share what one of them reads.
@Suite(.timeLimit(.minutes(2))) struct SharedChangesTests {
    private func cursor(_ test: CollectionHarness, back count: Int64) async throws -> Cursor {
        let topic = try TopicName(validating: "prices")
        return try await test.api.api.engine.cursor(for: topic, partitions: nil, start: .beforeEnd(count))
    }

    private func changes(
        _ shared: SharedChanges,
        _ test: CollectionHarness,
        _ cursor: Cursor,
        bytes: Int = 65_536,
        _ wanted: PreviousWanted = .ofDeletions
    ) async throws -> FoundChanges {
        let budget = ReadBudget(bytes: ByteCount(bytes))
        return try await shared.changes(cursor, budget: budget, previous: wanted, test.api.api.engine)
    }

    @Test func whoStandsAtTheSamePlaceGetsTheSame() async throws {
        let test = try await CollectionHarness.start()
        for number in 0..<5 { await test.item(.put, "k\(number)", #"{"value":\#(number)}"#) }
        let shared = SharedChanges(bytesMax: .mebibytes(1))
        let place = try await cursor(test, back: 3)
        let first = try await changes(shared, test, place)
        #expect(first.found.changes.count == 3 && first.found.caughtUp)
        let all = try await withThrowingTaskGroup(of: FoundChanges.self) { group in
            for _ in 0..<50 { group.addTask { try await changes(shared, test, place) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(all.allSatisfy { $0 === first })
        #expect(try await changes(shared, test, place, .all) !== first)
        #expect(shared.count == 2)
    }

    @Test func whatIsNotTheEndOrIsNothingIsNotKept() async throws {
        let test = try await CollectionHarness.start()
        for number in 0..<5 { await test.item(.put, "k\(number)", #"{"value":\#(number)}"#) }
        let shared = SharedChanges(bytesMax: .mebibytes(1))
        let end = try await cursor(test, back: 0)
        #expect(try await changes(shared, test, end).found.changes.isEmpty)
        let part = try await changes(shared, test, try await cursor(test, back: 5), bytes: 1)
        #expect(part.found.changes.count == 1 && !part.found.caughtUp)
        #expect(shared.count == 0)
        await test.item(.put, "k9", #"{"value":9}"#)
        #expect(try await changes(shared, test, end).found.changes.count == 1)
    }

    @Test func theOldestMakesRoom() async throws {
        let test = try await CollectionHarness.start()
        for number in 0..<20 { await test.item(.put, "k\(number)", #"{"value":\#(number)}"#) }
        let one = try await changes(SharedChanges(bytesMax: .mebibytes(16)), test, try await cursor(test, back: 1))
        let shared = SharedChanges(bytesMax: ByteCount(8 * one.cost))
        for back in 1...6 { _ = try await changes(shared, test, try await cursor(test, back: Int64(back % 2 + 1))) }
        #expect(shared.count == 2)
        let newest = try await changes(shared, test, try await cursor(test, back: 1))
        for _ in 0..<20 {
            await test.item(.put, "k1", #"{"value":1}"#)
            _ = try await changes(shared, test, try await cursor(test, back: 1))
        }
        #expect((2...8).contains(shared.count))
        let again = Cursor(positions: newest.found.cursor.positions, isWhole: true)
        #expect(try await changes(shared, test, again).found.changes.count == 20)
    }

    @Test func anEventIsMadeOnceInEachForm() async throws {
        let test = try await CollectionHarness.start()
        await test.item(.put, "a", #"{"value":1}"#)
        let shared = SharedChanges(bytesMax: .mebibytes(1))
        let found = try await changes(shared, test, try await cursor(test, back: 1))
        var made = 0
        func event(_ kind: ItemEvent.Kind, _ form: String) -> String {
            let bytes = found.event(0, kind, in: form) {
                made += 1
                return ByteBuffer(string: "\(form)\(made)")
            }
            return String(buffer: bytes)
        }
        #expect(
            [event(.added, "x"), event(.added, "x"), event(.added, "y"), event(.modified, "x")] == [
                "x1", "x1", "y2", "x3",
            ]
        )
        // What there is no room for is made each time.
        let large = String(repeating: "z", count: 100_000)
        #expect(event(.added, large) != event(.added, large))
    }

    /// A thousand watchers with selectors of their own: each gets what it wants, and nothing else.
    @Test func manyWatchersWithSelectorsGetWhatTheyWant() async throws {
        let test = try await CollectionHarness.start()
        let version = try await test.version()
        var watches: [WatchedCollection] = []
        for number in 0..<60 {
            let query =
                "watch=true&allowWatchBookmarks=false&resourceVersion=\(version)&fieldSelector=value.n%3D\(number % 6)"
            watches.append(try await WatchedCollection(test, query))
        }
        for step in 0..<12 {
            await test.item(.put, "k\(step % 4)", #"{"value":{"n":\#(step % 6)}}"#)
        }
        for number in watches.indices {
            let wanted = number % 6
            // It comes with its step, and goes with the next of the key; and so again six steps later.
            let (first, second) = ("k\(wanted % 4)", "k\((wanted + 2) % 4)")
            let all = ["ADDED \(first)", "DELETED \(first)", "ADDED \(second)", "DELETED \(second)"]
            let expected = wanted < 2 ? all : Array(all.dropLast())
            let events = try await watches[number].read(count: expected.count)
            #expect(events.map { "\($0.type) \($0.name ?? "")" } == expected, "n=\(wanted)")
            await watches[number].close()
        }
    }
}
