import RecordFormat
import Synchronization
import SystemPackage

/// Whether the volume has room for users' records: full below a floor, or when a write found none, and again open when
/// there is clearly more than the floor.
///
/// Any thread. The flag is read at every append; the volume is looked at about once a second, and by one thread at a time.
final class StoreSpace: Sendable {
    private let fileSystem: any FileSystem
    private let directory: FilePath
    private let ballast: Ballast
    /// At this much room and below users' topics take no more; the broker's own may.
    let floorBytes: UInt64
    /// Above this much they take records again.
    private let resumeBytes: UInt64
    private let full = Atomic<Bool>(false)
    /// Held over a look; whether the ballast was seen whole.
    private let look = Mutex(false)

    init(_ configuration: StoreConfiguration, fileSystem: any FileSystem, ballast: Ballast, volume: Volume) {
        self.fileSystem = fileSystem
        directory = configuration.directory
        self.ballast = ballast
        let floor = configuration.spaceFloor.map { UInt64($0.value) }
        floorBytes = floor ?? min(UInt64(ballast.bytes.value) + 64 << 20, volume.totalBytes / 10)
        resumeBytes = floorBytes + floorBytes / 4
    }

    /// Whether users' records are refused.
    var isFull: Bool { full.load(ordering: .acquiring) }

    /// A write found no room.
    func noteRefusal() {
        full.store(true, ordering: .releasing)
    }

    /// Looks at the volume, and makes the ballast again when it is gone and there is room for it.
    ///
    /// A look that fails changes nothing: the next one comes in a second.
    func update() {
        look.withLock { hasBallast in
            guard let room = try? fileSystem.volume(of: directory).availableBytes else { return }
            if room <= floorBytes {
                full.store(true, ordering: .releasing)
            } else if room > resumeBytes {
                full.store(false, ordering: .releasing)
                if !hasBallast { hasBallast = restoredBallast(room) }
            }
        }
    }

    /// Does what will give room back, a second time with the ballast's room when there is none to begin with.
    ///
    /// Users' records stay refused meanwhile, and the ballast is made again when there is room for it.
    func lendingBallast<Value>(_ work: () throws(FileError) -> Value) throws(FileError) -> Value {
        do throws(FileError) {
            return try work()
        } catch {
            // A flush that failed has lost bytes, whatever its reason: it is never repeated.
            guard error.isNoSpace, !error.isOfFlush else { throw error }
            noteRefusal()
            let isLent = try look.withLock { hasBallast throws(FileError) in
                hasBallast = false
                return try ballast.release()
            }
            guard isLent else { throw error }
            return try work()
        }
    }

    /// - Returns: whether the ballast is there now.
    private func restoredBallast(_ room: UInt64) -> Bool {
        guard let isWhole = try? ballast.isWhole() else { return false }
        guard !isWhole else { return true }
        guard room > resumeBytes + UInt64(ballast.bytes.value) else { return false }
        return (try? ballast.make()) != nil
    }
}
