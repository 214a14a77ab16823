import BenchSupport
import Glibc
import Synchronization

/// A consumer that watches the topic through everything, and remembers what it was shown.
final class HistoryWatcher: Sendable {
    private struct State {
        /// By partition and offset.
        var seen: [Int: [Int64: Payload.Identity]] = [:]
        var connections = 0
        var records = 0
    }

    private let history: History
    private let seat: BrokerSeat
    private let state = Mutex(State())

    init(history: History, seat: BrokerSeat) {
        self.history = history
        self.seat = seat
    }

    var seen: [Int: [Int64: Payload.Identity]] { state.withLock { $0.seen } }
    var records: Int { state.withLock { $0.records } }
    var connections: Int { state.withLock { $0.connections } }

    /// Runs until the run is over: comes back to every broker with the cursor that it had.
    func run() {
        var cursor = "earliest"
        while let port = seat.port(), history.violation == nil {
            do {
                try watch(port, &cursor)
            } catch let violation as Violation {
                history.violated("watcher: \(violation)")
            } catch {
                // The broker has gone.
                usleep(1000)
            }
        }
    }

    private func watch(_ port: UInt16, _ cursor: inout String) throws {
        let connection = try HTTPConnection(port: port, silenceSecondsMax: 2)
        // Watches of a topic that has grown see the new partitions when they come back.
        let target = "/v1/topics/\(history.topic)/records?watch=true&framing=ndjson&timeout=1s&from=\(cursor)"
        try connection.send(HTTPRequest("GET", target).bytes)
        let head = try connection.head()
        guard head.status == 200 else {
            let body = String(decoding: try connection.bytes(head.length), as: UTF8.self)
            guard head.status == 503 else { throw Violation("the watch was answered \(head.status): \(body)") }
            return
        }
        state.withLock { $0.connections += 1 }
        var next: [Int: Int64] = [:]
        var pending: [UInt8] = []
        while let chunk = try connection.chunk() {
            pending += chunk
            while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                try take(JSONText(pending[..<end]), &next, &cursor)
                pending.removeFirst(end + 1)
            }
        }
    }

    private func take(_ line: JSONText, _ next: inout [Int: Int64], _ cursor: inout String) throws {
        switch line.string("type") {
        case "record": try see(line, &next)
        case "bookmark": cursor = line.string("cursor") ?? cursor
        case "goodbye", nil: break
        default: throw Violation("it was told: \(String(decoding: line.bytes, as: UTF8.self))")
        }
    }

    /// Within one connection no offset is left out, and none ever shows another record than before.
    private func see(_ line: JSONText, _ next: inout [Int: Int64]) throws {
        guard let partition = line.integer("partition").map({ Int($0) }), let offset = line.integer("offset"),
            let value = line.last("value"), let identity = Payload.identity(of: value)
        else { throw Violation("not a record: \(String(decoding: line.bytes, as: UTF8.self))") }
        let place = "partition \(partition) offset \(offset)"
        if let expected = next[partition], expected != offset {
            throw Violation("\(place) came where \(expected) was next")
        }
        next[partition] = offset + 1
        guard value.elementsEqual(history.payload.value(of: identity) ?? []) else {
            throw Violation("\(place): not the bytes of \(identity)")
        }
        let before = state.withLock { state in
            state.records += 1
            return state.seen[partition, default: [:]].updateValue(identity, forKey: offset)
        }
        if let before, before != identity { throw Violation("\(place) was \(before), and is \(identity)") }
    }
}
