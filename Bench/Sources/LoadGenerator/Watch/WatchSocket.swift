import BenchSupport
import Glibc

/// A connection that has asked for a watch.
package final class WatchSocket: Sendable {
    package let descriptor: Int32

    /// Connects and sends the request; nothing is read.
    package init(port: UInt16, target: String, kind: Swarm.Kind = .sse) throws {
        descriptor = try Loopback.connect(port: port)
        let request = Self.request(target, kind)
        let sent = request.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard sent == request.count else { throw SystemFailure(call: "send", path: target, code: errno) }
    }

    deinit { close(descriptor) }

    /// Whether the broker has closed it, told without reading.
    package var isClosed: Bool {
        var entry = pollfd(fd: descriptor, events: Self.closedByPeer, revents: 0)
        return poll(&entry, 1, 0) > 0 && entry.revents & (Int16(POLLERR | POLLHUP) | Self.closedByPeer) != 0
    }

    /// `POLLRDHUP` of poll(2), which Swift's Glibc module does not have.
    private static let closedByPeer: Int16 = 0x2000

    private static func request(_ target: String, _ kind: Swarm.Kind) -> [UInt8] {
        var head = "GET \(target) HTTP/1.1\r\nHost: broker\r\n"
        switch kind {
        case .sse: head += "Accept: text/event-stream\r\n"
        case .webSocket:
            head += "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            head += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        }
        return Array((head + "\r\n").utf8)
    }
}
