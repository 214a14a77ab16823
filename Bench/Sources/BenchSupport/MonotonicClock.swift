import Glibc

/// The system's monotonic clock, which all threads and the records' values share.
package enum MonotonicClock {
    package static var nanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    package static var microseconds: Int64 { nanoseconds / 1000 }

    /// Sleeps until a moment in microseconds; at once when it has passed.
    package static func sleep(until moment: Int64) {
        let left = moment - microseconds
        if left > 0 { usleep(UInt32(clamping: left)) }
    }
}
