import ArgumentParser
import BenchSupport

/// `kills few-descriptors`: a broker under `ulimit -n 64`.
struct FewDescriptorsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "few-descriptors",
        abstract: "Run a broker that may open 64 files and sockets, with more partitions and connections than that."
    )

    @OptionGroup var common: CommonOptions

    func run() throws {
        try common.withScratch("few-descriptors") { setup, seed in
            var run = FewDescriptorsRun(setup, seed: seed)
            try run.run(progress: common.progress)
            print("64 descriptors: \(run.connections) connections tried at once; answers \(run.shared.problemText)")
            print(
                "64 descriptors: records acknowledged \(run.shared.acknowledgedCount), read back \(run.compared), lost 0"
            )
        }
    }
}
