import NIOCore
import RecordFormat
import SystemPackage

/// A data directory that no broker holds, opened to be looked at: nothing is recovered, and nothing is written.
///
/// The directory's lock is held until `close`, so that no broker starts meanwhile. Everything that can be read is told;
/// what cannot is a finding.
public final class DirectoryInspection: Sendable {
    /// What `millrace.meta` says.
    public let meta: StoreMeta
    /// The two checkpoint slots as they are.
    public let slots: [CheckpointSlotFacts]
    /// The topics whose `topic` file can be read, sorted by name.
    public let topics: [StoredTopic]
    /// What could not be read on the way here.
    public let findings: [Finding]
    let paths: StorePaths
    let fileSystem: any FileSystem
    let checkpoint: CheckpointRecord?
    private let lock: any StoreLock

    /// Opens a directory that holds a store.
    ///
    /// - Throws: `locked` when a broker runs on it; `notADataDirectory`, `newerFormat`, `olderFormat`, `io`; `corrupt` when
    ///   `millrace.meta` itself is damaged, without which nothing can be told from anything else's files.
    public init(_ configuration: StoreConfiguration, fileSystem: any FileSystem) throws(StorageError) {
        let paths = StorePaths(configuration)
        let kind = try StorageError.wrap { () throws(FileError) in try fileSystem.kind(of: paths.meta) }
        guard kind == .file else {
            throw .notADataDirectory(path: paths.directory, reason: "there is no millrace.meta in it")
        }
        let lock = try StorageError.wrap { () throws(FileError) in try fileSystem.lock(paths.lock) }
        guard let lock else {
            throw .locked(path: paths.directory, holder: fileSystem.lockHolder(paths.lock).map(String.init))
        }
        do throws(StorageError) {
            let content = try StorageError.wrap { () throws(FileError) in try fileSystem.readWhole(paths.meta) }
            let meta = try StoreMeta(decoding: content, path: paths.meta)
            var findings: [Finding] = []
            let slots = Self.slots(paths, fileSystem, meta)
            topics = Self.topics(paths, fileSystem, meta, &findings)
            checkpoint = Self.checkpoint(paths, fileSystem, meta, &findings)
            self.meta = meta
            self.slots = slots
            self.findings = findings + slots.compactMap(\.finding)
        } catch {
            lock.release()
            throw error
        }
        self.paths = paths
        self.fileSystem = fileSystem
        self.lock = lock
    }

    /// Gives the directory up.
    public func close() {
        lock.release()
    }

    /// Where the data lies.
    public var directory: FilePath { paths.directory }

    private static func slots(
        _ paths: StorePaths,
        _ fileSystem: any FileSystem,
        _ meta: StoreMeta
    ) -> [CheckpointSlotFacts] {
        [UInt64(0), 1].map { generation in
            let path = paths.checkpoint(generation: generation)
            do throws(StorageError) {
                let content = try StorageError.wrap { () throws(FileError) in try fileSystem.readWhole(path) }
                let record = try CheckpointRecord(decoding: content, directory: meta.directoryID, path: path)
                return CheckpointSlotFacts(path: path, content: .record(record))
            } catch {
                return CheckpointSlotFacts(path: path, content: .damaged(error))
            }
        }
    }

    /// The record that a start would go by; that it would refuse is damage.
    private static func checkpoint(
        _ paths: StorePaths,
        _ fileSystem: any FileSystem,
        _ meta: StoreMeta,
        _ findings: inout [Finding]
    ) -> CheckpointRecord? {
        let slots = CheckpointSlots(fileSystem: fileSystem, paths: paths, directoryID: meta.directoryID)
        do throws(StorageError) {
            return try slots.newest(isFlushed: false)
        } catch {
            findings.append(Finding(.damage, error, path: paths.directory))
            return nil
        }
    }

    private static func topics(
        _ paths: StorePaths,
        _ fileSystem: any FileSystem,
        _ meta: StoreMeta,
        _ findings: inout [Finding]
    ) -> [StoredTopic] {
        var topics: [StoredTopic] = []
        for name in (try? fileSystem.list(paths.topics)) ?? [] {
            let directory = paths.topics.appending(name)
            guard StorePaths.leftoverTopic(name) == nil else {
                findings.append(Finding(.note, directory, "half made or half removed: the next start takes it away"))
                continue
            }
            guard TopicID(hex: name) != nil else {
                findings.append(Finding(.note, directory, "it is not Millrace's: a start leaves it alone"))
                continue
            }
            let path = directory.appending("topic")
            do throws(StorageError) {
                let content = try StorageError.wrap { () throws(FileError) in try fileSystem.readWhole(path) }
                let topic = try StoredTopic(decoding: content, directory: meta.directoryID, path: path)
                guard topic.id.hex == name else {
                    throw .corrupt(path: path, position: .zero, reason: "it belongs to topic \(topic.id.hex)")
                }
                topics.append(topic)
            } catch {
                findings.append(Finding(.damage, error, path: path))
            }
        }
        return topics.sorted { $0.name < $1.name }
    }
}

/// A checkpoint slot as it is.
public struct CheckpointSlotFacts: Sendable {
    /// The file.
    public let path: FilePath
    let content: Content

    enum Content: Sendable {
        case record(CheckpointRecord)
        case damaged(StorageError)
    }

    private var record: CheckpointRecord? {
        guard case .record(let record) = content else { return nil }
        return record
    }

    /// One slot may be torn by a power cut: the other one is then in force, and nothing is lost.
    fileprivate var finding: Finding? {
        guard case .damaged(let error) = content else { return nil }
        return Finding(.note, error, path: path)
    }

    /// Why it cannot be read; nil when it can.
    public var damage: String? {
        guard case .damaged(let error) = content else { return nil }
        return error.description
    }
    /// Which record is newer: the higher one.
    public var generation: UInt64? { record?.generation }
    /// Where recovery would begin to read the journal.
    public var lsn: UInt64? { record?.lsn.value }
    /// The run of the directory.
    public var run: LeaderEpoch? { record?.run }
    /// Whether the broker stopped in order right after it.
    public var isClean: Bool? { record?.isClean }
    /// How many partitions it names.
    public var partitionCount: Int? { record?.rows.count }
}
