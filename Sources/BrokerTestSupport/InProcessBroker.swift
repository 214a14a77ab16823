public import BrokerCore
public import SegmentStore
import Synchronization

/// A broker for tests: small files, any file system, and a note of its fatal failure.
public final class InProcessBroker: Sendable {
    /// The engine.
    public let broker: Broker
    private let failureReason: FailureNote

    private init(_ broker: Broker, _ failure: FailureNote) {
        self.broker = broker
        failureReason = failure
    }

    /// Why the storage failed, if it did.
    public var failure: String? { failureReason.reason.withLock { $0 } }

    /// Opens and starts a broker over a directory of a file system.
    public static func start(
        directory: String,
        fileSystem: any FileSystem,
        clock: any MonotonicClock,
        wallClock: any WallClock,
        configure: (inout BrokerConfiguration) -> Void = { _ in }
    ) async throws(BrokerStartError) -> InProcessBroker {
        var configuration = BrokerConfiguration(directory: directory)
        configuration.useSmallFiles()
        configure(&configuration)
        let failure = FailureNote()
        let broker = try await Broker.open(
            configuration,
            fileSystem: fileSystem,
            clock: clock,
            wallClock: wallClock
        ) { reason in failure.reason.withLock { $0 = reason } }
        broker.start()
        return InProcessBroker(broker, failure)
    }

    /// Starts a broker that lives on one manual clock.
    public static func start(
        directory: String,
        fileSystem: any FileSystem,
        clock: ManualClock,
        configure: (inout BrokerConfiguration) -> Void = { _ in }
    ) async throws(BrokerStartError) -> InProcessBroker {
        try await start(
            directory: directory,
            fileSystem: fileSystem,
            clock: clock,
            wallClock: clock,
            configure: configure
        )
    }

    /// Stops the broker cleanly.
    public func stop() async {
        await broker.stop()
    }
}

private final class FailureNote: Sendable {
    let reason = Mutex<String?>(nil)
}

extension BrokerConfiguration {
    /// A ring of 4 MiB and frames of 1 MiB: a start takes milliseconds, and bounds are reached soon; no scrub.
    public mutating func useSmallFiles() {
        store.ringBytes = .init(4 << 20)
        store.frameBytesMax = .init(1 << 20)
        store.segmentBytesMax = .init(1 << 20)
        store.checkpointBytesMax = .init(1 << 20)
        scrubIntervalSeconds = 0
        // The first member of a group has everything at once: time stands still in most tests.
        groups.firstJoinDebounceMilliseconds = 0
    }
}
