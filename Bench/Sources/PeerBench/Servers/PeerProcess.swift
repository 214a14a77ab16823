import BenchSupport
import Glibc
import Synchronization

/// A peer's server as a process, from when it listens until nobody holds it any more.
final class PeerProcess: Sendable {
    let port: UInt16
    let family: ProcessFamily
    private let child: ChildProcess
    private let isOver = Mutex(false)

    /// Starts it, and waits until it takes connections.
    init(_ command: [String], port: UInt16, log: String) throws {
        // Should this process be killed, the server goes with it.
        let bound = ["setpriv", "--pdeathsig", "TERM"] + command
        child = try ChildProcess(["/bin/sh", "-c", "log=$0; exec \"$@\" >>\"$log\" 2>&1", log] + bound)
        self.port = port
        family = ProcessFamily(child.pid)
        let deadline = MonotonicClock.microseconds + 20_000_000
        while true {
            if let descriptor = try? Loopback.connect(port: port) {
                close(descriptor)
                return
            }
            var status: Int32 = 0
            let hasEnded = waitpid(child.pid, &status, WNOHANG) == child.pid
            if hasEnded { isOver.withLock { $0 = true } }
            guard !hasEnded, MonotonicClock.microseconds < deadline else {
                let told = (try? TextFile.read(log))?.split(separator: "\n").suffix(5).joined(separator: " ") ?? ""
                throw Tool.Failed(description: "\(command[0]) does not listen: \(told)")
            }
            usleep(10_000)
        }
    }

    deinit { stop() }

    /// Ends it, in order where it does that within some seconds.
    func stop() {
        isOver.withLock { isOver in
            guard !isOver else { return }
            isOver = true
            kill(child.pid, SIGTERM)
            let deadline = MonotonicClock.microseconds + 10_000_000
            var status: Int32 = 0
            while waitpid(child.pid, &status, WNOHANG) == 0 {
                if MonotonicClock.microseconds > deadline { kill(child.pid, SIGKILL) }
                usleep(5_000)
            }
        }
    }
}

/// Ports that nobody listens at.
enum FreePort {
    /// The system chooses it.
    static func find() throws -> UInt16 {
        let descriptor = try SystemFailure.check(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0), "socket", "tcp")
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 ? getsockname(descriptor, address, &length) : -1
            }
        }
        try SystemFailure.check(result, "bind", "127.0.0.1")
        return UInt16(bigEndian: address.sin_port)
    }
}
