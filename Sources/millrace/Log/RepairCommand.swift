import ArgumentParser
import Glibc
import SegmentStore

/// `millrace log repair`: mends what `verify` finds, after asking.
struct RepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Mend what verify finds: cut damaged batches out, and keep what was cut.",
        discussion: """
            First says what it would do and what would be lost for good, then asks. Damaged files are moved to `cut/` in
            their partition's directory, never removed. Offsets stay: readers pass over what is gone.

            A directory that was not stopped in order is recovered first, as a start of the broker would.

              millrace log repair --data-dir millrace-data --dry-run
              millrace log repair --data-dir millrace-data --yes
            """
    )

    @OptionGroup var options: LogOptions
    @Flag(help: "Do it without asking.") var yes = false
    @Flag(help: "Say what would be done, and do nothing.") var dryRun = false

    func run() async throws {
        let isSound = try LogFailure.told {
            if !dryRun { try recoverIfNeeded() }
            return try options.withDirectory { directory in try repair(directory) }
        }
        guard isSound else { throw ExitCode(1) }
    }

    private func recoverIfNeeded() throws {
        let needsRecovery = try options.withDirectory { $0.needsRecovery }
        guard needsRecovery else { return }
        StandardError.note("the directory was not stopped in order: its journal is replayed first")
        let store = try LogStore.open(
            StoreConfiguration(directory: .init(options.dataDir)),
            fileSystem: PosixFileSystem(),
            wallTime: { .init(millisecondsSinceEpoch: Self.nowMilliseconds) },
            randomBytes: { count in (0..<count).map { _ in UInt8.random(in: .min ... .max) } },
            report: { StandardError.note($0) }
        )
        try store.close()
    }

    /// Whether the directory is sound in the end.
    private func repair(_ directory: DirectoryInspection) throws -> Bool {
        var progress = LogProgress()
        let names = PartitionNames(directory)
        let report = directory.verify { progress.show($0) }
        let plan = RepairPlan(for: report, of: directory)
        for (finding, advice) in plan.hopeless {
            let document = FindingDocument(finding, names: names)
            try say(document.text + "    cannot be repaired: \(advice)\n", document)
        }
        guard !plan.steps.isEmpty else {
            return try end(report.isSound, report.isSound ? "nothing to repair" : "nothing that can be repaired")
        }
        try show(plan)
        if dryRun { return try end(report.isSound, "nothing was changed") }
        guard try yes || isConfirmed() else { return try end(report.isSound, "nothing was changed") }
        for (number, step) in plan.steps.enumerated() {
            try directory.perform(step, now: .init(millisecondsSinceEpoch: Self.nowMilliseconds))
            StandardError.note("done \(number + 1) of \(plan.steps.count)")
        }
        let after = directory.verify { progress.show($0) }
        return try end(after.isSound, after.isSound ? "the directory is sound" : "damage is left: run verify")
    }

    private func end(_ isSound: Bool, _ text: String) throws -> Bool {
        try say(text + "\n", RepairEnd(sound: isSound, text: text))
        return isSound
    }

    private func say(_ text: String, _ document: some Encodable) throws {
        switch options.output {
        case .json: try LogOutput.write(json: document)
        case .table: try StandardOutput.write(text)
        }
    }

    private func show(_ plan: RepairPlan) throws {
        for (number, step) in plan.steps.enumerated() {
            var text = "\(number + 1). \(step.summary)\n"
            if let loses = step.loses { text += "   lost for good: \(loses)\n" }
            text += "   what is taken away is kept in \(step.keeps)\n"
            try say(text, RepairStepDocument(step, number: number + 1))
        }
    }

    private func isConfirmed() throws -> Bool {
        StandardError.note("type yes to do this")
        return readLine(strippingNewline: true) == "yes"
    }

    private static var nowMilliseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
