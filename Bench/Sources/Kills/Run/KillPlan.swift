import BenchSupport

/// Which kill is to fall where, and how many have.
struct KillPlan {
    let total: Int
    /// The places that kills must fall into, and how often at least.
    let places: [Activity]
    let eachMin: Int

    private(set) var done = 0
    private(set) var counts: [Activity: Int] = [:]
    /// Kills that fell beside all places.
    private(set) var elsewhere = 0
    private var aimed: [Activity: Int] = [:]

    init(total: Int, places: [Activity], eachMin: Int) {
        self.total = total
        self.places = places
        self.eachMin = eachMin
    }

    var isOver: Bool { done >= total }
    var isMet: Bool { places.allSatisfy { counts[$0, default: 0] >= eachMin } }

    /// Where the next kill should fall: where the fewest did; now and then anywhere.
    func target(_ random: inout SplitMix) -> Activity? {
        guard Int.random(in: 0..<8, using: &random) > 0 || total - done <= missing else { return nil }
        return places.min {
            (counts[$0, default: 0], aimed[$0, default: 0]) < (counts[$1, default: 0], aimed[$1, default: 0])
        }
    }

    private var missing: Int { places.reduce(0) { $0 + max(0, eachMin - counts[$1, default: 0]) } }

    /// Notes a kill: what had begun and not ended.
    mutating func note(target: Activity?, open: Set<Activity>) {
        done += 1
        if let target { aimed[target, default: 0] += 1 }
        for activity in open { counts[activity, default: 0] += 1 }
        if open.isEmpty { elsewhere += 1 }
    }

    func count(_ activity: Activity) -> Int { counts[activity, default: 0] }
    func aims(_ activity: Activity) -> Int { aimed[activity, default: 0] }
}
