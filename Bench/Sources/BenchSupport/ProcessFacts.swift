import Glibc

/// What the kernel tells of a process and of its sockets.
package enum ProcessFacts {
    /// Resident memory.
    package static func residentMebibytes(_ pid: pid_t) throws -> Double {
        for line in text(of: "/proc/\(pid)/status").split(separator: "\n") where line.hasPrefix("VmRSS:") {
            let words = line.split { $0 == " " || $0 == "\t" }
            if words.count >= 2, let kibibytes = Double(words[1]) { return kibibytes / 1024 }
        }
        throw SystemFailure(call: "read VmRSS", path: "/proc/\(pid)/status", code: ESRCH)
    }

    /// User and system time, in the scheduler's nanoseconds: /proc tells it in hundredths of a second only.
    package static func processorSeconds(_ pid: pid_t) throws -> Double {
        var clock = clockid_t()
        let code = clock_getcpuclockid(pid, &clock)
        guard code == 0 else { throw SystemFailure(call: "clock_getcpuclockid", path: "\(pid)", code: code) }
        var time = timespec()
        try SystemFailure.check(clock_gettime(clock, &time), "clock_gettime", "\(pid)")
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// How many files and sockets it has open.
    package static func descriptorCount(_ pid: pid_t) throws -> Int {
        try entries(of: "/proc/\(pid)/fd")
    }

    package static func threadCount(_ pid: pid_t) throws -> Int {
        try entries(of: "/proc/\(pid)/task")
    }

    private static func entries(of path: String) throws -> Int {
        guard let directory = opendir(path) else { throw SystemFailure(call: "opendir", path: path, code: errno) }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Without `.` and `..`.
        return count - 2
    }

    /// Bytes that the kernel holds for the sockets at a local port, because nobody has read them: `rx_queue` of /proc/net/tcp.
    package static func unreadBytes(port: UInt16) -> Int {
        let digits = String(port, radix: 16, uppercase: true)
        let ending = ":" + String(repeating: "0", count: 4 - digits.count) + digits
        return text(of: "/proc/net/tcp").split(separator: "\n").reduce(0) { sum, line in
            let fields = line.split(separator: " ")
            // Established: a listener's queue counts connections.
            guard fields.count > 4, fields[1].hasSuffix(ending), fields[3] == "01",
                let queue = fields[4].split(separator: ":").last.flatMap({ Int($0, radix: 16) })
            else { return sum }
            return sum + queue
        }
    }

    fileprivate static func text(of path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = fread(&piece, 1, piece.count, file)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += piece[..<count]
        }
    }
}

/// A process with its children, as servers have that share their work among processes.
package struct ProcessFamily: Sendable {
    package let pid: pid_t

    package init(_ pid: pid_t) {
        self.pid = pid
    }

    /// User and system time of all of them.
    package func processorSeconds() throws -> Double {
        try ProcessFacts.members(pid).reduce(0) { $0 + (try ProcessFacts.processorSeconds($1)) }
    }

    /// Resident memory of all of them; what they share counts once for each.
    package func residentMebibytes() throws -> Double {
        try ProcessFacts.members(pid).reduce(0) { $0 + (try ProcessFacts.residentMebibytes($1)) }
    }
}

extension ProcessFacts {
    /// The process and its children, of /proc/pid/task/tid/children.
    fileprivate static func members(_ pid: pid_t) -> [pid_t] {
        let children = text(of: "/proc/\(pid)/task/\(pid)/children").split(separator: " ").compactMap { pid_t($0) }
        return [pid] + children
    }

    /// User and system time of this process.
    package static var ownSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
