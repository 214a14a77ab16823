import RecordFormat
import SegmentStore
import SystemPackage

/// The state of a simulated file system: the volume, the process's open files, and what is to go wrong.
struct SimulatedMachine: Sendable {
    /// An open file.
    struct Handle: Sendable {
        let inode: Int
        let mode: FileOpenMode
        /// The failed flushes that this descriptor was told of, or that came before it.
        var seenErrorCount: Int
    }

    /// A fault for the next calls that it fits.
    struct Rule: Sendable {
        let fault: SimulatedFault
        let fits: @Sendable (SimulatedCall) -> Bool
        var timesLeft: Int
    }

    var image: SimulatedImage
    var settings: SimulatedSettings
    var isDown = false

    var handles: [Int: Handle] = [:]
    private var nextHandle = 1
    /// Inodes whose lock is held.
    var locks: Set<Int> = []

    private(set) var calls: [SimulatedCall] = []
    var faults: [Int: SimulatedFault] = [:]
    var rules: [Rule] = []
    var ignoredSites: Set<FlushSite> = []
    /// A mutant of the order of a flush and a rename.
    var reordering: SimulatedReordering?
    /// The inodes whose flush waits for that rename.
    var deferredFlushes: [Int] = []
    private var flushesDeferred = false
    /// The image before the first and after every call that changes it, while recording.
    var recording: [SimulatedMoment]?

    init(_ image: SimulatedImage, _ settings: SimulatedSettings) {
        self.image = image
        self.settings = settings
    }

    /// Makes one call, with the fault that was planned for it.
    mutating func perform<Result>(
        _ call: SimulatedCall,
        _ body: (inout SimulatedMachine, SimulatedFault?) throws(Errno) -> Result
    ) throws(FileError) -> Result {
        do {
            return try performUnnamed(call, body)
        } catch {
            throw FileError(call.kind.operation, call.path, error)
        }
    }

    /// Registers an open file.
    mutating func newHandle(_ inode: Int, _ mode: FileOpenMode) throws(Errno) -> Int {
        if let most = settings.descriptorCountMax, handles.count >= most { throw .tooManyOpenFiles }
        defer { nextHandle += 1 }
        let seen = image.files[inode]?.errorCount ?? 0
        handles[nextHandle] = Handle(inode: inode, mode: mode, seenErrorCount: seen)
        return nextHandle
    }

    /// Bytes that may still be written; nil for any number.
    var availableBlockCount: Int? {
        settings.capacityBytes.map { max(0, Int($0) / SimulatedBlock.size - image.usedBlockCount()) }
    }

    private mutating func performUnnamed<Result>(
        _ call: SimulatedCall,
        _ body: (inout SimulatedMachine, SimulatedFault?) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        guard !isDown else { throw SimulatedFileSystem.powerCut }
        let (call, fault) = begin(call)
        defer { end(call) }
        switch fault {
        case .powerCutBefore:
            isDown = true
            throw SimulatedFileSystem.powerCut
        case .powerCutAfter:
            _ = try body(&self, nil)
            isDown = true
            throw SimulatedFileSystem.powerCut
        case .failure(let code) where call.kind != .flush:
            throw code
        default:
            return try body(&self, fault)
        }
    }

    private mutating func begin(_ call: SimulatedCall) -> (SimulatedCall, SimulatedFault?) {
        var call = call
        call.number = calls.count + 1
        calls.append(call)
        if flushesDeferred || reordering?.latest(call) == true { makeDeferredFlushes() }
        if let fault = faults.removeValue(forKey: call.number) { return (call, fault) }
        guard let index = rules.firstIndex(where: { $0.fits(call) }) else { return (call, nil) }
        let fault = rules[index].fault
        rules[index].timesLeft -= 1
        if rules[index].timesLeft == 0 { rules.remove(at: index) }
        return (call, fault)
    }

    /// Whether the flush of an inode is put off.
    mutating func defers(_ inode: Int, _ site: FlushSite) -> Bool {
        guard let reordering, reordering.sites.contains(site) else { return false }
        deferredFlushes.append(inode)
        return true
    }

    private mutating func makeDeferredFlushes() {
        for inode in deferredFlushes {
            image.files[inode]?.flush()
            if image.directories[inode] != nil { image.flushNames(of: inode) }
        }
        deferredFlushes = []
        flushesDeferred = false
    }

    /// The rename that flushes were put off for is durable at once; they follow at the next call.
    private mutating func hasten(_ call: SimulatedCall) {
        guard let reordering, call.kind == .rename, reordering.fits(call) else { return }
        image.hastenLastName()
        flushesDeferred = true
        if reordering.isOnce { self.reordering = nil }
    }

    private mutating func end(_ call: SimulatedCall) {
        hasten(call)
        if call.kind.changesImage { recording?.append(SimulatedMoment(after: call, image: image)) }
    }
}
