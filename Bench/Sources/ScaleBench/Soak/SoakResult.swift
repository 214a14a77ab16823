import BenchSupport

/// What a long run showed, as it is kept: its whole curve.
struct SoakResult: Codable {
    /// One look at the broker.
    struct Sample: Codable {
        let seconds: Double
        let residentMebibytes: Double
        let descriptors: Double
        let threads: Double
        let diskMebibytes: Double
        /// Errors of all clients so far.
        let errors: Int
    }

    let date: String
    let machine: Machine
    let minutes: Double
    var samples: [Sample] = []
    /// What the clients did, and how often.
    var work: [String: Int] = [:]
    /// What went wrong, and how often.
    var errors: [String: Int] = [:]

    static let work = """
        Producers into a topic whose retention is small, so that its segments roll and go all the time; a group whose members come
        and go and commit; watchers by server-sent events and by WebSocket that come and go; a compacted collection that is written,
        listed and compacted; topics that are made, written and deleted: all at a steady rate. What the second half of the time grew
        by, on the straight line nearest to the samples, is to be below a bound; an error of any client fails the run.
        """

    /// What must not grow.
    var growths: [Growth] {
        [
            growth("resident memory, MiB", \.residentMebibytes, floor: 8, share: 0.1),
            growth("open descriptors", \.descriptors, floor: 10, share: 0.1),
            growth("threads", \.threads, floor: 2, share: 0),
            growth("disk, MiB", \.diskMebibytes, floor: 16, share: 0.2),
        ]
    }

    private func growth(_ name: String, _ value: KeyPath<Sample, Double>, floor: Double, share: Double) -> Growth {
        Growth(name, samples.map { ($0.seconds, $0[keyPath: value]) }, floor: floor, share: share)
    }

    var isGood: Bool { errors.isEmpty && growths.allSatisfy { $0.verdict == .steady } }

    /// For the page.
    var lines: [String] {
        var lines = [
            "| | level | growth in the second half | a slope of, an hour | bound | |",
            "| --- | ---: | ---: | ---: | ---: | --- |",
        ]
        for growth in growths {
            let change = "\(Growth.signed(growth.change)) ± \(fixed(growth.uncertainty, 1))"
            let cells = [
                growth.name, fixed(growth.level, 1), change, Growth.signed(growth.changePerHour),
                fixed(growth.bound, 1),
                growth.verdict.rawValue,
            ]
            lines.append("| \(cells.joined(separator: " | ")) |")
        }
        let done = work.sorted { $0.key < $1.key }.map { "\(CurvesCommand.thousands($0.value)) \($0.key)" }
        lines += [
            "", "\(fixed(minutes, 0)) minutes, \(samples.count) samples, \(date): \(done.joined(separator: ", ")).",
        ]
        let wrong = errors.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }
        lines += ["", wrong.isEmpty ? "No errors." : "**Errors**: \(wrong.joined(separator: "; "))."]
        return lines
    }
}
