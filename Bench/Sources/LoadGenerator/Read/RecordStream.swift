import BenchSupport
import CPoller
import Glibc

/// A connection that gets NDJSON without an end, for one thread; what has come is read without a copy.
final class RecordStream {
    private let descriptor: Int32
    private var body = ChunkedBody()
    /// What has come of the head, until that is whole.
    private var head: [UInt8] = []
    private var isInBody = false
    private var buffer = [UInt8](repeating: 0, count: 256 << 10)
    private(set) var receivedBytes = 0
    private static let emptyLine = Array("\r\n\r\n".utf8)

    /// Connects and asks.
    init(port: UInt16, target: String) throws {
        descriptor = try Loopback.connect(port: port)
        let fields = [("Accept", "application/x-ndjson")]
        let request = HTTPRequest("GET", target, headers: fields).bytes
        let sent = request.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard sent == request.count else { throw SystemFailure(call: "send", path: target, code: errno) }
    }

    deinit { close(descriptor) }

    /// Whether the answer's end has come.
    var isOver: Bool { body.isOver }

    /// Reads what has come, and waits for that at most so long; false when nothing came.
    func read(
        waitMilliseconds: Int32,
        _ lines: inout RecordLines,
        _ event: ([UInt8]) throws -> Void
    ) throws -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, waitMilliseconds) > 0 else { return false }
        let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT)) }
        if count == 0 { throw HTTPConnection.Broken(description: "the stream's connection was closed") }
        if count < 0 {
            guard errno == EAGAIN || errno == EINTR else { throw SystemFailure(call: "recv", path: "", code: errno) }
            return false
        }
        receivedBytes += count
        let start = try bodyStart(count)
        try buffer.withUnsafeBytes { bytes in
            let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<count])
            try body.feed(piece) { try lines.feed($0, event) }
        }
        return true
    }

    /// Where the body begins in what has just come.
    private func bodyStart(_ count: Int) throws -> Int {
        guard !isInBody else { return 0 }
        let before = head.count
        head += buffer[..<count]
        let end = head.withUnsafeBytes { bytes in
            bytes.baseAddress.map { poller_find($0, bytes.count, Self.emptyLine, Self.emptyLine.count) } ?? -1
        }
        guard end >= 0 else { return count }
        guard head.starts(with: Array("HTTP/1.1 200".utf8)) else {
            throw Client.Unexpected(description: String(decoding: head, as: UTF8.self))
        }
        isInBody = true
        return end + Self.emptyLine.count - before
    }
}
