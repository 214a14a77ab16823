import NIOCore
import RecordFormat
import SegmentStore

/// Damages a data directory, one file at a time, and looks at what the store makes of it.
public struct StoreDamageExplorer {
    /// How the store that wrote the directory ended.
    public enum Stop: String, CaseIterable, Hashable, Sendable {
        /// In order.
        case clean
        /// By a power cut, with an empty frame behind the last one.
        case proven
        /// By a power cut right after the last acknowledgement.
        case unproven
    }

    /// Every bit that is to be flipped: all of the small files, one of each byte of the others; none of the ballast, which
    /// takes room and has no content.
    public let flips: [StoreDamage]
    /// What is done to files as a whole.
    public let others: [StoreDamage]
    private let stop: Stop
    private let image: SimulatedImage
    private let history: StoreHistory
    /// Whether a start has something to write again: else a flip in the journal could do no harm.
    private let isReplayed: Bool
    /// What an undamaged store serves.
    private var served: [PartitionKey: [ServedBatch]] = [:]
    /// What the batches of each partition hold, wherever they stand.
    private var contents: [PartitionKey: Set<[UInt8]>] = [:]

    /// A batch as a reader gets it.
    struct ServedBatch: Hashable {
        let base: Offset
        let bytes: [UInt8]

        /// The bytes without the leader epoch.
        var checked: [UInt8] {
            var bytes = bytes
            if bytes.count > 16 { bytes.replaceSubrange(12..<16, with: [0, 0, 0, 0]) }
            return bytes
        }

        /// The same without the base offset.
        var content: [UInt8] { Array(checked.dropFirst(8)) }
    }

    /// Writes a directory of several segments in six partitions and a journal, which is stopped in one of three ways.
    public init(_ stop: Stop, seed: UInt64) {
        self.stop = stop
        let fileSystem = SimulatedFileSystem()
        let written = StoreDamageScript(seed: seed).write(to: fileSystem, stop)
        history = written
        image = stop == .clean ? fileSystem.image : fileSystem.image.survivors(seed: seed, .keepsAll)
        let list = StoreDamageList(of: image, seed: seed)
        (flips, others) = (list.flips, list.others)
        var isReplayed = false
        let undamaged = try? StoreWorkload.open(SimulatedFileSystem(image), seed: seed) { line in
            if line.hasPrefix("recovered after"), !line.contains(": 0 batches") { isReplayed = true }
        }
        self.isReplayed = isReplayed
        if let store = undamaged {
            for key in written.partitions {
                served[key] = try? Self.batches(of: key, in: store)
                contents[key] = Set(served[key, default: []].map(\.content))
            }
        }
    }

    /// Whether the undamaged directory holds what was written: else no damage would tell anything.
    public var isSound: Bool {
        history.failure == nil && isReplayed == (stop != .clean) && served.count == history.partitions.count
            && served.values.allSatisfy { batches in batches.count > 2 } && served.values.contains { $0.count > 6 }
            && StoreVerification.findings(in: SimulatedFileSystem(image)).isEmpty
    }

    /// Damages a file, starts the store and reads everything.
    public func outcome(of damage: StoreDamage) -> (outcome: StoreDamageOutcome, flaws: [StoreFlaw]) {
        let fileSystem = SimulatedFileSystem(image)
        do {
            try damage.apply(to: fileSystem)
        } catch {
            return (.wrong, [StoreFlaw(.failedWorkload, "\(damage): \(error)")])
        }
        let store: LogStore
        do throws(StorageError) {
            store = try StoreWorkload.open(fileSystem, seed: 5)
        } catch {
            return (.refusedStart, [])
        }
        var judgement = StoreDamageJudgement(damage, isUnproven: stop == .unproven)
        for key in history.partitions { judge(key, store, &judgement) }
        if judgement.isUnnoticed, damage.path.hasPrefix("topics/") { judgement.found(by: lookCloser(damage, store)) }
        return judgement.result
    }

    /// What a scrub of the store finds, or else `log verify` in the directory as it was before the start.
    private func lookCloser(_ damage: StoreDamage, _ store: LogStore) -> StoreDamageOutcome? {
        var scrub = Scrub(store)
        while let step = try? scrub.step(), !step.isFinished {
            switch step.finding {
            case .damage: return .foundByScrub
            case .rebuiltIndex: return .rebuilt
            case nil: continue
            }
        }
        let fileSystem = SimulatedFileSystem(image)
        try? damage.apply(to: fileSystem)
        return StoreVerification.findings(in: fileSystem).isEmpty ? nil : .foundByVerify
    }

    private func judge(_ key: PartitionKey, _ store: LogStore, _ judgement: inout StoreDamageJudgement) {
        guard let log = store.partition(key) else { return judgement.lost(key, "the partition is gone") }
        // Set aside by the start: it knows which segments are not what they should be.
        let isSetAside = log.quarantine != nil
        if isSetAside { judgement.note(.quarantined, of: key) }
        let batches = served[key] ?? []
        for batch in batches {
            guard batch.base < log.watermarks.visible.offset else {
                if log.quarantine == nil { judgement.absent(key, batch.base) }
                return
            }
            do throws(StorageError) {
                // A byte at most: one batch.
                let found = try log.read(from: batch.base, bytesMax: ByteCount(1)).batches
                let served = found.first.map(ServedBatch.init)
                judgement.compare(served, with: batch, key, of: contents[key] ?? [], isSetAside: isSetAside)
            } catch {
                judgement.note(.refusedRead, of: key)
            }
        }
        let count = history.acknowledged[key]?.count ?? 0
        if log.watermarks.visible.offset.value > Int64(count) {
            judgement.lost(key, "it ends at \(log.watermarks.visible.offset), and \(count) records were written")
        }
    }

    private static func batches(of key: PartitionKey, in store: LogStore) throws -> [ServedBatch] {
        guard let log = store.partition(key) else { return [] }
        var batches: [ServedBatch] = []
        var next = log.watermarks.logStart.offset
        while next < log.watermarks.visible.offset {
            let slice = try log.read(from: next, bytesMax: ByteCount(1))
            batches += slice.batches.map(ServedBatch.init)
            next = slice.next
        }
        return batches
    }
}

extension StoreDamageExplorer.ServedBatch {
    init(_ batch: RecordBatch) {
        base = batch.baseOffset
        bytes = Array(batch.bytes.readableBytesView)
    }
}

/// What can be done to the files of a directory.
struct StoreDamageList {
    private(set) var flips: [StoreDamage] = []
    private(set) var others: [StoreDamage] = []

    init(of image: SimulatedImage, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let fileSystem = SimulatedFileSystem(image)
        let prefix = StoreWorkload.directory.string + "/"
        let names = image.paths().filter { $0.hasPrefix(prefix) && !$0.hasSuffix("/") }
            .map { String($0.dropFirst(prefix.count)) }
        for name in names {
            let size = (try? fileSystem.contents(of: StoreDamage.file(name)).count) ?? 0
            addFlips(name, size, &random)
            addOthers(name, size, names)
        }
    }

    private mutating func addFlips(_ name: String, _ size: Int, _ random: inout SplitMix64) {
        guard name != "ballast" else { return }
        let isSmall = size <= 2048 && !name.hasSuffix(".log")
        for position in 0..<size {
            let bits = isSmall ? Array(0..<8) : [random.below(8)]
            flips += bits.map { StoreDamage(path: name, change: .bit(UInt64(position), $0)) }
        }
    }

    private mutating func addOthers(_ name: String, _ size: Int, _ names: [String]) {
        func add(_ change: StoreDamage.Change) { others.append(StoreDamage(path: name, change: change)) }
        for kept in Set([0, 1, 20, size / 2, size - 1]) where kept >= 0 && kept < size { add(.cut(to: kept)) }
        for count in [1, 61, 5000] { add(.extended(by: count)) }
        if size > 0 { add(.zeroed) }
        add(.missing)
        let kind = StoreDamage(path: name, change: .missing).kind
        let alike = names.filter { $0 > name && StoreDamage(path: $0, change: .missing).kind == kind }
        for other in alike.prefix(6) { add(.swapped(with: other)) }
    }
}
