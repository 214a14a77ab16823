import BenchSupport
import Glibc
import LoadGenerator

/// Something that a broker can have many of, none of which does anything.
enum IdleKind: String, CaseIterable, Codable {
    case connection
    case watcherBySSE = "watcher, server-sent events"
    case watcherByWebSocket = "watcher, WebSocket"
    case member = "group member"
    case partition

    /// What one of them is.
    var explanation: String {
        switch self {
        case .connection: "a connection that has asked once, and is kept open"
        case .watcherBySSE, .watcherByWebSocket: "a watch that has been told one record; its connection is in it"
        case .member: "a stream's member of one group, with a partition of its own; its connection is in it"
        case .partition: "a partition with one record of 12 bytes, of a topic with many"
        }
    }

    /// At how many it is looked.
    func counts(isQuick: Bool) -> [Int] {
        let most = self == .member ? 800 : 8000
        return isQuick ? [most / 8, most / 4, most / 2] : [most / 8, most / 4, most / 2, most]
    }

    var options: [String] { self == .partition ? [] : FanoutLoad.options(watchers: 8000) }

    /// The topic that they share, made before anything is looked at.
    func prepare(_ port: UInt16) throws {
        switch self {
        case .connection, .partition: return
        case .watcherBySSE, .watcherByWebSocket: try Client(port: port).createTopic("idle", "{}")
        case .member: try Client(port: port).createTopic("idle", "{\"partitions\":800}")
        }
    }

    /// Makes some more; what is returned keeps them.
    func add(_ count: Int, after before: Int, _ port: UInt16) throws -> any Sendable {
        switch self {
        case .connection: return try IdleConnections(port, count)
        case .watcherBySSE, .watcherByWebSocket:
            let kind: Swarm.Kind = self == .watcherBySSE ? .sse : .webSocket
            let swarm = try IdleSwarm(port, count, "/v1/topics/idle/records", kind)
            var publisher = try Publisher(port: port, topic: "idle")
            try publisher.publish()
            try swarm.waitForRecord(each: count)
            return swarm
        case .member:
            let swarm = try IdleSwarm(port, count, "/v1/groups/idle/stream?topics=idle", .sse)
            try Self.waitForMembers(before + count, port)
            return swarm
        case .partition:
            try Client(port: port).createTopic("idle-\(before)", "{\"partitions\":\(count)}")
            try Filling.touch(count, of: "idle-\(before)", port: port)
            return count
        }
    }

    /// All of them are in the group.
    private static func waitForMembers(_ count: Int, _ port: UInt16) throws {
        let deadline = MonotonicClock.microseconds + 60_000_000
        while true {
            let text = try Client(port: port).expect([200, 404], of: HTTPRequest("GET", "/v1/groups/idle/members")).text
            let found = text.split(separator: "\"joinedAt\"").count - 1
            guard found < count else { return }
            guard MonotonicClock.microseconds < deadline else {
                throw Client.Unexpected(description: "\(found) of \(count) members are there after a minute")
            }
            usleep(100_000)
        }
    }
}

/// Connections that were used once.
private final class IdleConnections: Sendable {
    private let descriptors: [Int32]

    init(_ port: UInt16, _ count: Int) throws {
        let request = HTTPRequest("GET", "/healthz").bytes
        descriptors = try (0..<count).map { _ in
            let descriptor = try Loopback.connect(port: port)
            let sent = send(descriptor, request, request.count, Int32(MSG_NOSIGNAL))
            try SystemFailure.check(sent, "send", "broker")
            var answer = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &answer, answer.count, 0)
            guard count > 12, answer.starts(with: "HTTP/1.1 200".utf8) else {
                throw Client.Unexpected(description: "a connection was answered \(count) bytes")
            }
            return descriptor
        }
    }

    deinit { for descriptor in descriptors { close(descriptor) } }
}

/// Streams, and the thread that reads them.
private final class IdleSwarm: Sendable {
    private let swarm: Swarm
    private let thread: SystemThread

    init(_ port: UInt16, _ count: Int, _ target: String, _ kind: Swarm.Kind) throws {
        let swarm = try Swarm(port: port, count: count, target: target, kind: kind)
        self.swarm = swarm
        thread = SystemThread { swarm.run() }
    }

    deinit {
        swarm.stop()
        thread.join()
    }

    func waitForRecord(each count: Int) throws {
        let deadline = MonotonicClock.microseconds + 60_000_000
        while swarm.deliveries.load(ordering: .acquiring) < count {
            try swarm.insistOnAll()
            guard MonotonicClock.microseconds < deadline else {
                throw Client.Unexpected(description: "a record did not come to all watchers within a minute")
            }
            usleep(1000)
        }
    }
}
