import Glibc

/// One connection to a broker on this machine, with blocking calls and nothing hidden: what was sent is known to the byte.
///
/// A library's client would not send half a request, nor go away before the answer. For one thread at a time.
package final class HTTPConnection {
    /// The connection ended, or said nothing for the time limit, or what came is not HTTP.
    package struct Broken: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) {
            self.description = description
        }
    }

    private let descriptor: Int32
    private var received: [UInt8] = []
    private var taken = 0

    /// Connects.
    ///
    /// - Parameter silenceSecondsMax: after so long without a byte a read fails.
    package init(port: UInt16, silenceSecondsMax: Int = 30) throws {
        descriptor = try Loopback.connect(port: port)
        var limit = timeval(tv_sec: silenceSecondsMax, tv_usec: 0)
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit {
        close(descriptor)
    }

    /// Sends all of the bytes.
    package func send(_ bytes: some Collection<UInt8>) throws {
        let sent: Void? = try bytes.withContiguousStorageIfAvailable { try send($0) }
        if sent == nil { try Array(bytes).withUnsafeBufferPointer { try send($0) } }
    }

    private func send(_ bytes: UnsafeBufferPointer<UInt8>) throws {
        var rest = UnsafeRawBufferPointer(bytes)
        while !rest.isEmpty {
            let count = Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            if count < 0, errno == EINTR { continue }
            try SystemFailure.check(count, "send", "broker")
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// The next line without its line break.
    package func line() throws -> [UInt8] {
        var scanned = taken
        while true {
            if let end = received[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { taken = end + 1 }
                let hasReturn = end > taken && received[end - 1] == UInt8(ascii: "\r")
                return Array(received[taken..<(hasReturn ? end - 1 : end)])
            }
            let before = received.count - taken
            try receive()
            scanned = taken + before
        }
    }

    /// So many bytes.
    package func bytes(_ count: Int) throws -> ArraySlice<UInt8> {
        while received.count - taken < count { try receive() }
        defer { taken += count }
        return received[taken..<taken + count]
    }

    private func receive() throws {
        if taken > 0 {
            received.removeFirst(taken)
            taken = 0
        }
        let before = received.count
        let room = 128 << 10
        received.append(contentsOf: repeatElement(0, count: room))
        let count = received.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress?.advanced(by: before), room, 0) }
        received.removeLast(room - max(0, count))
        if count < 0, errno == EINTR { return }
        guard count != 0 else { throw Broken(description: "the broker closed the connection") }
        try SystemFailure.check(count, "recv", "broker")
    }
}
