import BrokerTestSupport
import RecordFormat
import SegmentStore
import Synchronization
import Testing

/// What a store tells its observer: the beginning and the end of what a crash can fall into.
@Suite struct StoreObserverTests {
    @Test func rollsAndCheckpointsAreToldInOrder() throws {
        let told = Told()
        let test = try Self.store { told.add("\($1 ? "ends" : "begins"): \($0)") }
        let large = String(repeating: "y", count: 5000)
        _ = try test.append("a")
        #expect(told.lines == [])
        _ = try test.append(large)
        let roll = "roll of \(TestStore.key) at 1"
        #expect(told.lines == ["begins: \(roll)", "ends: \(roll)"])
        try test.checkpoint()
        let checkpoint = told.lines.dropFirst(2).map { $0.split(separator: ": ", maxSplits: 1) }
        #expect(checkpoint.map(\.first) == ["begins", "ends"])
        #expect(Set(checkpoint.map(\.last)).count == 1)
        #expect(checkpoint.first?.last?.hasPrefix("checkpoint ") == true)
    }

    @Test func aRollThatIsUndoneIsOverToo() throws {
        let told = Told()
        let test = try Self.store { told.add($1 ? "ends" : "begins") }
        _ = try test.append("a")
        test.fileSystem.plan(.failure(.noSpace)) { $0.kind == .write && $0.path == test.segment(1) }
        guard case .refused = try test.append(String(repeating: "y", count: 5000)) else {
            Issue.record("the write was to fail")
            return
        }
        #expect(told.lines == ["begins", "ends"])
    }

    /// The test's store, watched: one is made, then opened again.
    private static func store(_ tell: @escaping @Sendable (StoreActivity, Bool) -> Void) throws -> TestStore {
        let test = try TestStore()
        try test.store.close()
        return try TestStore(test.fileSystem, observer: StoreObserver(tell))
    }

    private final class Told: Sendable {
        private let all = Mutex<[String]>([])

        var lines: [String] { all.withLock { $0 } }

        func add(_ line: String) {
            all.withLock { $0.append(line) }
        }
    }
}
