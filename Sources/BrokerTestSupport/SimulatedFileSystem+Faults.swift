public import RecordFormat
public import SegmentStore
public import SystemPackage

extension SimulatedFileSystem {
    /// Plans a fault for the call with this number.
    public func plan(_ fault: SimulatedFault, atCall number: Int) {
        withMachine { $0.faults[number] = fault }
    }

    /// Plans a fault for the next `times` calls that fit.
    ///
    /// `fits` runs inside the file system and must not call it.
    public func plan(
        _ fault: SimulatedFault,
        times: Int = 1,
        where fits: @escaping @Sendable (SimulatedCall) -> Bool
    ) {
        withMachine { $0.rules.append(.init(fault: fault, fits: fits, timesLeft: times)) }
    }

    /// Forgets the faults that were planned for calls that fit.
    public func forgetRules() {
        withMachine { $0.rules = [] }
    }

    /// Cuts the power before the call with this number has done anything.
    public func crashBefore(call number: Int) {
        plan(.powerCutBefore, atCall: number)
    }

    /// Cuts the power when the call with this number has done all it does, before anybody hears of it.
    public func crashAfter(call number: Int) {
        plan(.powerCutAfter, atCall: number)
    }

    /// Lets the call with this number throw; if it is a flush, what it should have flushed is lost for good.
    public func fail(call number: Int, with code: Errno) {
        plan(.failure(code), atCall: number)
    }

    /// Lets the write with this number stop after some bytes, and throw.
    public func shortenWrite(call number: Int, to written: ByteCount, with code: Errno = .noSpace) {
        plan(.shortWrite(written, code), atCall: number)
    }

    /// Lets the write with this number succeed without ever reaching the device.
    public func loseWrite(call number: Int) {
        plan(.lostWrite, atCall: number)
    }

    /// Lets the write with this number land elsewhere in the file.
    public func misdirectWrite(call number: Int, by distance: ByteCount) {
        plan(.misdirectedWrite(by: distance), atCall: number)
    }

    /// Makes flushes for these reasons do nothing and succeed: the mutants of the flush sites.
    public func ignoreFlushes(at sites: Set<FlushSite>) {
        withMachine { $0.ignoredSites = sites }
    }

    /// Puts flushes off until a rename is durable: a mutant of their order.
    public func reorder(_ reordering: SimulatedReordering?) {
        withMachine { $0.reordering = reordering }
    }

    /// Lets the writeback of a file's dirty pages fail in the background: the pages are lost, and the next flush of each
    /// descriptor that is open now tells so, once.
    public func failWriteback(of path: FilePath, with code: Errno = .ioError) throws(Errno) {
        try withMachine { machine throws(Errno) in
            let inode = try machine.image.inode(at: path)
            machine.image.files[inode]?.failFlush(code)
        }
    }

    /// Sets how many bytes the volume holds; below what is there already nothing more can be written.
    public func setCapacity(bytes: UInt64?) {
        withMachine { $0.settings.capacityBytes = bytes }
    }

    /// Lets something else take all of the volume but for so many bytes.
    public func leave(bytes: Int) {
        withMachine { machine in
            let used = machine.image.usedBlockCount() * SimulatedBlock.size
            machine.settings.capacityBytes = UInt64(used + bytes)
        }
    }

    /// Cuts the power now.
    ///
    /// Every later call throws `powerCut`; closing files and releasing locks stays harmless.
    public func cutPower() {
        withMachine { $0.isDown = true }
    }

    /// Whether the power was cut.
    public var isDown: Bool { withMachine { $0.isDown } }

    /// The machine that starts again after a power cut now; this one goes on unless its power was cut.
    /// - Parameter seed: Decides what survives; the same seed gives the same survivors.
    public func survivors(seed: UInt64, _ cut: SimulatedPowerCut = .drawn) -> SimulatedFileSystem {
        let (image, settings) = withMachine { ($0.image, $0.settings) }
        return SimulatedFileSystem(image.survivors(seed: seed, cut), settings)
    }

    /// Cuts the power, and starts the machine again.
    public func crash(seed: UInt64, _ cut: SimulatedPowerCut = .drawn) -> SimulatedFileSystem {
        cutPower()
        return survivors(seed: seed, cut)
    }

    /// The same machine after the process alone was killed: caches and unflushed bytes are there, open files and locks gone.
    public func afterProcessDeath() -> SimulatedFileSystem {
        let (image, settings) = withMachine { machine in
            machine.isDown = true
            return (machine.image, machine.settings)
        }
        return SimulatedFileSystem(image, settings)
    }
}
