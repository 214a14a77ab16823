import BenchSupport
import CPoller
import Glibc
import Synchronization

/// Thousands of connections that watch, read by one thread with epoll(7).
///
/// A record's value is the moment at which it was sent, so each one tells its delay.
package final class Swarm: Sendable {
    /// What the connections say first.
    package enum Kind: String, CaseIterable, Sendable {
        case sse
        case webSocket = "websocket"
    }

    private struct Counts {
        var delays: [Int64] = []
        var isKept = false
        var closedCount = 0
        /// The first answer that was no stream.
        var refusal: String?
    }

    /// The records that have come, at all connections together.
    package let deliveries = Atomic<Int>(0)
    private let counts = Mutex(Counts())
    private let isStopped = Atomic<Bool>(false)
    private let poller: Int32
    private let sockets: [WatchSocket]
    private let kind: Kind

    /// Connects, asks, and begins to read.
    ///
    /// - Parameter reads: false for watchers that never read anything.
    package convenience init(port: UInt16, count: Int, target: String, kind: Kind = .sse) throws {
        try self.init(port: port, targets: Array(repeating: target, count: count), kind: kind)
    }

    /// The same for connections that ask each for its own.
    package init(port: UInt16, targets: [String], kind: Kind = .sse) throws {
        poller = try SystemFailure.check(poller_make(), "epoll_create1", "")
        self.kind = kind
        sockets = try targets.map { try WatchSocket(port: port, target: $0, kind: kind) }
        for (index, socket) in sockets.enumerated() {
            try SystemFailure.check(poller_add(poller, socket.descriptor, UInt32(index)), "epoll_ctl", "")
        }
    }

    deinit { close(poller) }

    /// How many connections the broker has closed.
    package var closedCount: Int { counts.withLock { $0.closedCount } }

    /// Sees to it that every connection has its stream still.
    package func insistOnAll() throws {
        let (closed, refusal) = counts.withLock { ($0.closedCount, $0.refusal) }
        guard closed > 0 else { return }
        let reason = refusal.map { "; the first was answered \($0)" } ?? ""
        throw Client.Unexpected(description: "\(closed) of \(sockets.count) watchers were refused or closed\(reason)")
    }

    /// Keeps delays from now on, and forgets those of before.
    package func clear() {
        counts.withLock {
            $0.delays = []; $0.isKept = true
        }
    }

    /// The delays since then.
    package var delays: [Int64] { counts.withLock { $0.delays } }

    /// Reads until it is stopped; on a thread of its own.
    package func run() {
        var readers = sockets.map { RecordReader(descriptor: $0.descriptor, kind) }
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        var numbers = [UInt32](repeating: 0, count: 512)
        var delays: [Int64] = []
        while !isStopped.load(ordering: .relaxed) {
            let count = poller_wait(poller, &numbers, Int32(numbers.count), 100)
            var (records, closed) = (0, 0)
            var refusal: String?
            for number in numbers.prefix(Int(max(0, count))) {
                let index = Int(number)
                guard let found = readers[index].read(&buffer, &delays) else {
                    _ = poller_remove(poller, sockets[index].descriptor)
                    closed += 1
                    refusal = refusal ?? readers[index].refusal
                    continue
                }
                records += found
            }
            counts.withLock { counts in
                counts.closedCount += closed
                counts.refusal = counts.refusal ?? refusal
                if counts.isKept { counts.delays += delays }
            }
            delays.removeAll(keepingCapacity: true)
            deliveries.add(records, ordering: .releasing)
        }
    }

    package func stop() {
        isStopped.store(true, ordering: .relaxed)
    }
}

/// Finds the records in what one connection gets.
private struct RecordReader {
    let descriptor: Int32
    /// What a record ends with: messages of a WebSocket are lines without line breaks.
    private let recordEnd: UInt8
    /// The beginning of a record whose end has not come.
    private var rest: [UInt8] = []
    private var hasBegun = false
    /// What was answered instead of a stream.
    private(set) var refusal: String?
    private static let mark = Array("\"value\":".utf8)

    init(descriptor: Int32, _ kind: Swarm.Kind) {
        self.descriptor = descriptor
        recordEnd = kind == .sse ? UInt8(ascii: "\n") : UInt8(ascii: "}")
    }

    /// Reads once; how many records came, nil at the connection's end and when there is no stream.
    mutating func read(_ buffer: inout [UInt8], _ delays: inout [Int64]) -> Int? {
        let kept = rest.count
        for index in rest.indices { buffer[index] = rest[index] }
        let count = buffer.withUnsafeMutableBytes { bytes in
            recv(descriptor, bytes.baseAddress?.advanced(by: kept), bytes.count - kept, Int32(MSG_DONTWAIT))
        }
        guard count > 0 else { return count < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : nil }
        let now = MonotonicClock.microseconds
        let end = kept + count
        return buffer.withUnsafeBytes { bytes in
            let whole = UnsafeRawBufferPointer(rebasing: bytes[..<end])
            if !hasBegun {
                hasBegun = true
                guard Self.isStream(whole) else {
                    refusal = String(decoding: whole.prefix(1000), as: UTF8.self)
                    return nil
                }
            }
            let lineEnd = (whole.lastIndex(of: recordEnd) ?? -1) + 1
            rest = Array(whole[lineEnd...])
            // A line that never ends is none of ours.
            if rest.count > 64 << 10 { rest = [] }
            return Self.records(in: UnsafeRawBufferPointer(rebasing: whole[..<lineEnd]), now, &delays)
        }
    }

    /// Whether the head's status is that of a stream: 200, or 101 for a WebSocket.
    private static func isStream(_ head: UnsafeRawBufferPointer) -> Bool {
        ["HTTP/1.1 200", "HTTP/1.1 101"].contains { head.starts(with: $0.utf8) }
    }

    private static func records(in bytes: UnsafeRawBufferPointer, _ now: Int64, _ delays: inout [Int64]) -> Int {
        var (place, count) = (0, 0)
        while let found = find(mark, in: bytes, from: place) {
            place = found + mark.count
            var sent: Int64 = 0
            while place < bytes.count, (0x30...0x39).contains(bytes[place]) {
                sent = sent * 10 + Int64(bytes[place] - 0x30)
                place += 1
            }
            delays.append(now - sent)
            count += 1
        }
        return count
    }

    private static func find(_ mark: [UInt8], in bytes: UnsafeRawBufferPointer, from place: Int) -> Int? {
        guard place < bytes.count, let base = bytes.baseAddress else { return nil }
        let found = poller_find(base + place, bytes.count - place, mark, mark.count)
        return found < 0 ? nil : place + found
    }
}
