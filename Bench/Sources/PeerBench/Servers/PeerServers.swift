import BenchSupport
import Glibc

/// When Redis flushes its append-only file.
enum RedisFlush: String, Sendable {
    case always
    case everysec

    var durability: Durability { self == .always ? .flushed : .written }
}

/// The peers' servers, each as Debian's package has it and with the configuration of `Bench/peers`.
extension Workshop {
    func redis(_ flush: RedisFlush) throws -> PeerProcess {
        let port = try FreePort.find()
        let path = try configuration("redis.conf", ["PORT": "\(port)", "DIRECTORY": scratch])
        return try PeerProcess(["redis-server", path, "--appendfsync", flush.rawValue], port: port, log: log)
    }

    func nats() throws -> PeerProcess {
        let port = try FreePort.find()
        let path = try configuration("nats.conf", ["PORT": "\(port)", "DIRECTORY": scratch])
        return try PeerProcess(["/usr/sbin/nats-server", "-c", path], port: port, log: log)
    }

    /// It listens before it has elected itself, so a first put is tried until it is taken.
    func etcd() throws -> PeerProcess {
        let (port, port2) = (try FreePort.find(), try FreePort.find())
        let marks = ["PORT": "\(port)", "PORT2": "\(port2)", "DIRECTORY": scratch]
        let path = try configuration("etcd.yml", marks)
        let server = try PeerProcess(["etcd", "--config-file", path], port: port, log: log)
        let put = HTTPRequest("POST", "/v3/kv/put", body: Array("{\"key\":\"Zmlyc3Q=\",\"value\":\"\"}".utf8))
        let deadline = MonotonicClock.microseconds + 20_000_000
        while true {
            do {
                try Client(port: port).expect([200], of: put)
                return server
            } catch {
                guard MonotonicClock.microseconds < deadline else { throw error }
                usleep(50_000)
            }
        }
    }

    func nchan(workers: Int) throws -> PeerProcess {
        let port = try FreePort.find()
        let marks = ["PORT": "\(port)", "DIRECTORY": scratch, "WORKERS": "\(workers)"]
        let path = try configuration("nginx.conf", marks)
        return try PeerProcess(["/usr/sbin/nginx", "-p", scratch, "-c", path], port: port, log: log)
    }

    /// Builds a client of `Bench/peers` with the compiler that came with Swift.
    static func build(_ name: String, peers: String, tools: String, libraries: [String]) throws {
        let command = ["clang", "-O2", "-Wall", "-pthread", "-o", "\(tools)/\(name)", "\(peers)/\(name).c"]
        try Tool.run(command + libraries.map { "-l\($0)" }, log: "\(tools)/\(name).log")
    }
}
