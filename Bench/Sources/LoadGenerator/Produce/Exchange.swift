import BenchSupport
import CPoller
import Glibc

/// One connection on which one request at a time goes out and its answer comes back, without ever blocking.
struct Exchange {
    /// Where it stands.
    enum State {
        case idle
        /// The socket has taken a part of the request.
        case sending
        case awaiting
        case answered(status: Int, isProved: Bool)
    }

    let descriptor: Int32
    /// When the request under way should have gone.
    private(set) var planned: Int64 = 0
    private(set) var state = State.idle
    private var request: [UInt8] = []
    private var sentCount = 0
    private var received = [UInt8](repeating: 0, count: 8 << 10)
    private var receivedCount = 0

    init(port: UInt16) throws {
        descriptor = try Loopback.connect(port: port)
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// What was received, for a message about it.
    var text: String { String(decoding: received[..<receivedCount], as: UTF8.self) }

    /// Begins with a request.
    mutating func begin(_ request: [UInt8], planned: Int64) throws {
        self.request = request
        self.planned = planned
        sentCount = 0
        receivedCount = 0
        try send()
    }

    /// Goes on as far as the socket lets it; called when it can be read or written.
    mutating func advance(proof: [UInt8]) throws {
        if case .sending = state { try send() }
        try receive()
        if let answer = AnswerHead(received, receivedCount), answer.end <= receivedCount {
            let isProved = received.withUnsafeBytes { bytes in
                bytes.baseAddress.map { poller_find($0, answer.end, proof, proof.count) >= 0 } ?? false
            }
            state = .answered(status: answer.status, isProved: isProved)
        }
    }

    private mutating func send() throws {
        let count = request.withUnsafeBytes { bytes in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[sentCount...])
            return Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        if count < 0, errno != EAGAIN, errno != EINTR { throw SystemFailure(call: "send", path: "", code: errno) }
        sentCount += max(0, count)
        state = sentCount < request.count ? .sending : .awaiting
    }

    private mutating func receive() throws {
        if receivedCount == received.count { received += [UInt8](repeating: 0, count: received.count) }
        let count = received.withUnsafeMutableBytes { bytes in
            let room = UnsafeMutableRawBufferPointer(rebasing: bytes[receivedCount...])
            return recv(descriptor, room.baseAddress, room.count, Int32(MSG_DONTWAIT))
        }
        if count == 0 { throw HTTPConnection.Broken(description: "the server closed the connection: \(text)") }
        if count < 0, errno != EAGAIN, errno != EINTR { throw SystemFailure(call: "recv", path: "", code: errno) }
        receivedCount += max(0, count)
    }
}

/// The head of an answer with a length: its status, and where its body ends.
private struct AnswerHead {
    let status: Int
    let end: Int
    private static let emptyLine = Array("\r\n\r\n".utf8)
    private static let length = Array("\r\ncontent-length: ".utf8)

    /// Nil while the head has not come whole.
    init?(_ bytes: [UInt8], _ count: Int) {
        let headEnd = bytes.withUnsafeBytes { raw in
            raw.baseAddress.map { poller_find($0, count, Self.emptyLine, Self.emptyLine.count) } ?? -1
        }
        guard headEnd > 12 else { return nil }
        status = bytes[9..<12].reduce(0) { $0 * 10 + Int($1) - Int(UInt8(ascii: "0")) }
        end = headEnd + 4 + Self.bodyLength(bytes[..<headEnd])
    }

    /// The field `Content-Length`, whatever its case; 0 without one, as in a 204.
    private static func bodyLength(_ head: ArraySlice<UInt8>) -> Int {
        var place = head.startIndex
        while let line = head[place...].firstIndex(of: UInt8(ascii: "\r")) {
            let field = head[line...].prefix(length.count)
            // Bit 5 makes letters small; of the other characters only \r and \n change, which were found already.
            let isLength = field.count == length.count && zip(field, length).dropFirst(2).allSatisfy { $0 | 0x20 == $1 }
            guard !isLength else {
                let digits = head[(line + length.count)...].prefix { (0x30...0x39).contains($0) }
                return digits.reduce(0) { $0 * 10 + Int($1) - 0x30 }
            }
            place = line + 1
        }
        return 0
    }
}
