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

            A directory that was not stopped in order is recovered first, as a start of the broker would do it: the journal is
            written to the segments. That, too, is asked for. With --dry-run it is not done, and what is told may be less.

              millrace log repair --data-dir millrace-data --dry-run
              millrace log repair --data-dir millrace-data --yes
            """
    )

    @OptionGroup var options: LogOptions
    @Flag(help: "Do it without asking.") var yes = false
    @Flag(help: "Say what would be done, and do nothing.") var dryRun = false

    func run() async throws {
        let isSound = try LogFailure.told {
            let needsRecovery = try options.withDirectory { $0.needsRecovery }
            if needsRecovery, !dryRun {
                StandardError.note(
                    "the directory was not stopped in order: its journal must be replayed first, as by a start"
                )
                guard try yes || isConfirmed() else { return try end(false, "nothing was changed") }
                try recover()
            }
            return try options.withDirectory { directory in try repair(directory) }
        }
        guard isSound else { throw ExitCode(1) }
    }

    private func recover() throws {
        let store = try LogStore.open(
            options.configuration,
            fileSystem: PosixFileSystem(),
            wallTime: { .init(millisecondsSinceEpoch: Self.nowMilliseconds) },
            randomBytes: { count in (0..<count).map { _ in UInt8.random(in: .min ... .max) } },
            report: { StandardError.note($0) }
        )
        try store.close()
    }

    /// Plans and acts until nothing is left, or nothing more can be done: what a new manifest lists is checked only then.
    ///
    /// - Returns: whether the directory is sound in the end.
    private func repair(_ directory: DirectoryInspection) throws -> Bool {
        var progress = LogProgress()
        var report = directory.verify { progress.show($0) }
        var plan = RepairPlan(for: report, of: directory)
        while true {
            guard try isWanted(plan, for: report, PartitionNames(directory)) else { return report.isSound }
            for (number, step) in plan.steps.enumerated() {
                try directory.perform(step, now: .init(millisecondsSinceEpoch: Self.nowMilliseconds))
                StandardError.note("done \(number + 1) of \(plan.steps.count)")
            }
            let done = plan.steps.map(\.summary)
            report = directory.verify { progress.show($0) }
            plan = RepairPlan(for: report, of: directory)
            let isFurther = !plan.steps.isEmpty && plan.steps.map(\.summary) != done
            if report.isSound || !isFurther {
                return try end(report.isSound, report.isSound ? "the directory is sound" : "damage is left: run verify")
            }
        }
    }

    /// Shows a plan and asks; says so when nothing is to be done.
    private func isWanted(_ plan: RepairPlan, for report: VerificationReport, _ names: PartitionNames) throws -> Bool {
        for (finding, advice) in plan.hopeless {
            let document = FindingDocument(finding, names: names)
            try say(document.text + "    cannot be repaired: \(advice)\n", document)
        }
        guard !plan.steps.isEmpty else {
            _ = try end(report.isSound, report.isSound ? "nothing to repair" : "nothing that can be repaired")
            return false
        }
        try show(plan)
        if !dryRun, try yes || isConfirmed() { return true }
        _ = try end(report.isSound, "none of this was done")
        return false
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
