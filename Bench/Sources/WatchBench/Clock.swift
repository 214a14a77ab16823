import Glibc

/// Microseconds of the system's monotonic clock, which all threads and the records' values share.
enum Clock {
    static var microseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    /// Sleeps until a moment; at once when it has passed.
    static func sleep(until moment: Int64) {
        let left = moment - microseconds
        if left > 0 { usleep(UInt32(clamping: left)) }
    }
}

/// Delays in microseconds, and what they come to.
struct Delays {
    private var values: [Int64]

    init(_ values: [Int64]) {
        self.values = values.sorted()
    }

    var count: Int { values.count }

    /// The delay that so many of a thousand do not exceed, in milliseconds.
    func milliseconds(permille: Int) -> Double {
        guard !values.isEmpty else { return .nan }
        return Double(values[min(values.count - 1, values.count * permille / 1000)]) / 1000
    }
}
