import BenchSupport
import LoadGenerator

/// Everybody who uses the broker in a long run.
struct SoakClients: Sendable {
    let port: UInt16
    let board: SoakBoard

    /// What the broker is started with: old segments go soon, or are compacted, and the journal is not most of the disk.
    static let options = ["--maintenance-seconds", "2", "--compaction-lag-seconds", "2", "--journal-mib", "16"]
    static let partitions = 4

    private static let linesType = [("Content-Type", "application/x-ndjson")]
    private static let jsonType = [("Content-Type", "application/json")]

    /// Makes the topics, and begins.
    func start() throws -> [SystemThread] {
        let client = Client(port: port)
        let retention = "\"retentionBytes\":2097152,\"segmentBytesMax\":1048576"
        try client.createTopic("events", "{\"partitions\":\(Self.partitions),\(retention)}")
        try client.createTopic("items", "{\"cleanup\":\"compact\",\"segmentBytesMax\":262144}")
        return [
            producer(everyMilliseconds: 20), producer(everyMilliseconds: 20), writer, lister, topics, watchers(.sse),
            watchers(.webSocket), member(1), member(2), member(3),
        ]
    }

    /// Fifty records a request, without keys: request by request to another partition.
    private func producer(everyMilliseconds interval: Int64) -> SystemThread {
        let line = "{\"n\":\"" + String(repeating: "x", count: 92) + "\"}\n"
        let body = Array(String(repeating: line, count: 50).utf8)
        let request = HTTPRequest("POST", "/v1/topics/events/records?as=values", headers: Self.linesType, body: body)
        return board.start("producer", everyMilliseconds: interval, { try HTTPConnection(port: port) }) { connection in
            try expect([200], try connection.exchange(request))
            board.note("records produced", 50)
        }
    }

    /// Puts and deletes items of a collection, always the same five hundred.
    private var writer: SystemThread {
        let value = "{\"value\":{\"text\":\"\(String(repeating: "y", count: 200))\"}}"
        return board.start("writer", everyMilliseconds: 15, { try HTTPConnection(port: port) }) { connection in
            let target = "/v1/collections/items/item-\(Int.random(in: 0..<500))"
            let deletes = Int.random(in: 0..<10) == 0
            let request =
                deletes
                ? HTTPRequest("DELETE", target)
                : HTTPRequest("PUT", target, headers: Self.jsonType, body: Array(value.utf8))
            try expect(deletes ? [204, 404] : [200, 201], try connection.exchange(request))
            board.note("items written")
        }
    }

    /// Lists the whole collection, page by page.
    private var lister: SystemThread {
        board.start("lister", everyMilliseconds: 500, { try HTTPConnection(port: port) }) { connection in
            var next: String? = ""
            while let place = next {
                let target = "/v1/collections/items?limit=100" + (place.isEmpty ? "" : "&continue=\(place)")
                let answer = try connection.exchange(HTTPRequest("GET", target))
                try expect([200], answer)
                next = JSONText(answer.body.prefix(300)).string("continue").flatMap { $0.isEmpty ? nil : $0 }
            }
            board.note("lists")
        }
    }

    /// Makes topics, writes to them, and deletes them.
    private var topics: SystemThread {
        board.start("topics", everyMilliseconds: 500, { (Client(port: port), 0) }) { state in
            let name = "passing-\(state.1)"
            state.1 += 1
            try state.0.createTopic(name, "{\"partitions\":3}")
            let body = Array("{\"records\":[{\"key\":\"a\",\"value\":1},{\"key\":\"b\",\"value\":2}]}".utf8)
            let target = "/v1/topics/\(name)/records"
            try state.0.expect([200], of: HTTPRequest("POST", target, headers: Self.jsonType, body: body))
            try state.0.deleteTopic(name)
            board.note("topics made and deleted")
        }
    }

    /// Forty at a time, for some seconds.
    private func watchers(_ kind: Swarm.Kind) -> SystemThread {
        board.start("watchers", everyMilliseconds: 0, { kind }) { kind in
            let swarm = try Swarm(port: port, count: 40, target: "/v1/topics/events/records?from=latest", kind: kind)
            let thread = SystemThread { swarm.run() }
            defer {
                swarm.stop()
                thread.join()
            }
            let end = MonotonicClock.microseconds + 3_000_000
            while MonotonicClock.microseconds < end, !board.isOver {
                MonotonicClock.sleep(until: MonotonicClock.microseconds + 100_000)
            }
            guard !board.isOver else { return }
            try swarm.insistOnAll()
            let count = swarm.deliveries.load(ordering: .acquiring)
            guard count > 0 else { throw Client.Unexpected(description: "40 watchers were told nothing in 3 s") }
            board.note("watchers that came and went", 40)
            board.note("deliveries", count)
        }
    }

    /// Joins, consumes for some time, and leaves without a word.
    private func member(_ number: Int) -> SystemThread {
        board.start("member", everyMilliseconds: 0, { number }) { _ in
            let end = MonotonicClock.microseconds + Int64.random(in: 10_000_000...30_000_000)
            var member = try SoakMember(port: port)
            while MonotonicClock.microseconds < end, !board.isOver { board.note("records consumed", try member.work()) }
            board.note("members that came and went")
        }
    }

    private func expect(_ statuses: Set<Int>, _ answer: HTTPAnswer) throws {
        guard statuses.contains(answer.status) else {
            throw Client.Unexpected(description: "answered \(answer.status): \(answer.text)")
        }
    }
}
