import Foundation
import Glibc

/// A connection of bare bytes, for what an HTTP client would not do: stop in the middle of a body, or watch whether the
/// other side reads.
final class RawConnection: Sendable {
    struct Failure: Error {
        let call: String
        let code: Int32
    }

    private let descriptor: Int32

    /// Connects to a port of this machine.
    ///
    /// - Parameter receiveBytes: how much the kernel takes for it that it has not read, about; nil for the usual.
    init(port: Int, receiveBytes: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
        if var bytes = receiveBytes {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw Failure(call: "connect", code: code)
        }
    }

    deinit {
        Glibc.close(descriptor)
    }

    /// Says that nothing more will come, and reads nothing more.
    func end() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Says that nothing more will come, and reads on.
    func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Everything up to the end of the connection, or up to where a text has come.
    func text(until mark: String? = nil) throws -> String {
        String(decoding: try bytes(until: mark), as: UTF8.self)
    }

    /// The same as bytes.
    func bytes(until mark: String? = nil) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count >= 0 else { throw Failure(call: "recv", code: errno) }
            bytes += buffer[..<count]
            if count == 0 { return bytes }
            if let mark, String(decoding: bytes, as: UTF8.self).contains(mark) { return bytes }
        }
    }

    /// Sends a text.
    func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    /// Sends bytes.
    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(call: "send", code: errno) }
            sent += count
        }
    }

    /// Sends as much as the socket takes, until it has taken nothing for a while or all is sent.
    /// - Returns: how much it took.
    func sendUntilStuck(bytes: Int, patienceMilliseconds: Int32) throws -> Int {
        let piece = [UInt8](repeating: 32, count: 64 << 10)
        var sent = 0
        while sent < bytes {
            guard isReady(Int16(POLLOUT), milliseconds: patienceMilliseconds) else { return sent }
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let count = piece.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, min($0.count, bytes - sent), flags)
            }
            guard count > 0 else { throw Failure(call: "send", code: errno) }
            sent += count
        }
        return sent
    }

    /// Whether the other side resets the connection within a time; reads nothing.
    func waitForReset(withinMilliseconds milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: 0, revents: 0)
        return poll(&entry, 1, milliseconds) > 0 && entry.revents & Int16(POLLERR | POLLHUP) != 0
    }

    /// Whether something can be read within a time.
    func hasAnswer(withinMilliseconds milliseconds: Int32) -> Bool {
        isReady(Int16(POLLIN), milliseconds: milliseconds)
    }

    /// What comes up to the end of an answer's body, by its Content-Length.
    func answer() throws -> String {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { throw Failure(call: "recv", code: errno) }
            text += String(decoding: buffer[..<count], as: UTF8.self)
            guard let head = text.range(of: "\r\n\r\n") else { continue }
            let lines = text[..<head.lowerBound].lowercased().split(separator: "\r\n")
            let length = lines.first { $0.hasPrefix("content-length:") }?.split(separator: ":").last
            let wanted = length.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) } ?? 0
            if text[head.upperBound...].utf8.count >= wanted { return text }
        }
    }

    private func isReady(_ events: Int16, milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }
}

/// Runs what blocks on a thread of its own.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Result { try body() }) }.start()
    }
}
