import ArgumentParser
import BenchSupport

/// `kills full-disk`: a small file system that is full.
struct FullDiskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "full-disk",
        abstract: "Fill the disk under a broker, make room again, kill it while the disk is full. Needs root, to mount."
    )

    @OptionGroup var common: CommonOptions

    @Option(help: "How often.")
    var rounds = 3

    @Option(help: "The size of the file system.")
    var mebibytes = 160

    func run() throws {
        try common.withScratch("full-disk --rounds \(rounds)") { setup, seed in
            let volume: SmallVolume
            do {
                volume = try SmallVolume(below: setup.scratch, mebibytes: mebibytes)
            } catch let error as SmallVolume.Unavailable {
                print("full disk: not tried here: \(error)")
                return
            }
            defer { volume.unmount() }
            var setup = setup
            setup.directory = "\(volume.path)/data"
            var run = FullDiskRun(setup, on: volume, seed: seed)
            try run.run(rounds: rounds, progress: common.progress)
            print("full disk: filled \(run.fillings) times, killed while full \(run.kills) times")
            print("full disk: answers \(run.shared.problemText)")
            print("full disk: records acknowledged \(run.shared.acknowledgedCount), read back \(run.compared), lost 0")
        }
    }
}
