import ArgumentParser
import BenchSupport
import Glibc

/// `kills loop`: kill -9 under load, over and over on one directory.
struct LoopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loop",
        abstract: "Kill a broker under load, inside rolls, checkpoints, compactions and retention."
    )

    @OptionGroup var common: CommonOptions

    @Option(help: "How many kills.")
    var kills = 200

    @Option(help: "How many at least inside each place.")
    var each = 20

    @Option(help: "How many records are acknowledged before each kill, at least.")
    var acknowledged = 500

    @Option(help: "Connections that produce.")
    var producers = 4

    @Option(help: "The places, with commas between: \(Activity.allCases.map(\.rawValue).joined(separator: ","))")
    var places = Activity.allCases.map(\.rawValue).joined(separator: ",")

    func run() throws {
        let places = try places.split(separator: ",").map { name in
            guard let place = Activity(rawValue: String(name)) else { throw ValidationError("no such place: \(name)") }
            return place
        }
        let names = places.map(\.rawValue).joined(separator: ",")
        try common.withScratch("loop --kills \(kills) --places \(names)") { setup, seed in
            var setup = setup
            // Compaction at once, and looked for every second.
            if places.contains(.compactionSwitch) { setup.options += ["--compaction-lag-seconds", "0"] }
            // Old segments looked for every second.
            if places.contains(.retention) { setup.options += ["--maintenance-seconds", "1"] }
            var run = KillRun(
                KillRun.Options(
                    setup: setup,
                    seed: seed,
                    kills: kills,
                    eachMin: min(each, kills / max(1, places.count)),
                    places: places,
                    acknowledgedBetweenMin: acknowledged,
                    producers: producers
                )
            )
            try run.run(progress: common.progress)
            report(run)
            guard run.plan.isMet else { throw Violation("some places were hit less than \(each) times") }
        }
    }

    private func report(_ run: KillRun) {
        print("kills: \(run.plan.done)")
        for place in run.plan.places {
            print("kills inside a \(place.rawValue): \(run.plan.count(place))")
        }
        print("kills elsewhere: \(run.plan.elsewhere)")
        print("records acknowledged before a kill, at least: \(run.fewestBetween)")
        print("records acknowledged: \(run.acknowledged)")
        print("acknowledged records read back and compared: \(run.compared)")
        print("longest start after a kill: \(run.startLongest)")
        print("acknowledged records lost: 0")
    }
}
