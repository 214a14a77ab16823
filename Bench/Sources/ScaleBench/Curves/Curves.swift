import BenchSupport
import LoadGenerator

/// The curves of the page.
enum Curves {
    static let all = [partitions, watchers, sizes, batches]

    private static let topic = "events"
    /// A record of at most 1 MiB as it is encoded, with room for its offset, time and lengths.
    private static let mebibyteRecord = (1 << 20) - 100

    private static let partitions = Curve(
        name: "partitions",
        title: "Partitions",
        work: """
            Records of 100 bytes with keys that spread over all partitions of one topic, each of which has a record already: one a request
            over 16 connections, and 1,000 a request over 4, which goes to as many partitions as its keys do.
            """,
        axis: "partitions",
        unit: "record",
        points: [1, 10, 100, 1000, 10_000],
        lines: ["one a request", "1,000 a request"]
    ) { site, count in
        try site.withBroker { broker in
            try Client(port: broker.port).createTopic(topic, "{\"partitions\":\(count)}")
            // The files of a partition are made with its first record, once and for all.
            try Filling.touch(count, of: topic, port: broker.port)
            try broker.waitUntilIdle(secondsMax: 30)
            var site = site
            // Where a request goes to nearly a thousand partitions, few are answered in a second.
            if count > 1000 { site.seconds *= 3 }
            let singles = RequestPool.singles(topic: topic, recordBytes: 100, count: max(1024, 2 * count))
            let keys = max(10_000, 10 * count)
            return [
                "one a request": try produce(site, broker, connections: 16, singles),
                "1,000 a request": try produce(
                    site,
                    broker,
                    connections: 4,
                    .keyedLines(topic: topic, recordBytes: 100, recordsEach: 1000, keys: keys)
                ),
            ]
        }
    }

    private static let watchers = Curve(
        name: "watchers",
        title: "Watchers",
        work: """
            Everybody watches the same partition by server-sent events; records of one integer, one a request. First at a rate at which
            all together get 10,000 deliveries a second, or at 500 records a second where they are few: the processor's time for a
            delivery, with that of taking the record in. Then each record when everybody has the last one: deliveries a second.
            """,
        axis: "watchers",
        unit: "delivery",
        points: [1, 10, 100, 1000, 10_000],
        lines: ["server-sent events"]
    ) { site, count in
        let figures = try site.withBroker(FanoutLoad.options(watchers: count)) { broker in
            try Client(port: broker.port).createTopic(topic, "{}")
            let family = ProcessFamily(broker.pid)
            var load = FanoutLoad(port: broker.port, topic: topic, watchers: count, server: family)
            load.rate = min(500, 10_000 / Double(count))
            load.seconds = site.seconds
            let outcome = try load.run()
            return Figures(
                microsecondsEach: outcome.serverMicrosecondsEach,
                perSecond: outcome.deliveriesPerSecond,
                residentMebibytes: outcome.residentMebibytes
            )
        }
        return ["server-sent events": figures]
    }

    private static let sizes = Curve(
        name: "sizes",
        title: "Record sizes",
        work: """
            One partition, values of random letters: one a request over 16 connections; as many as make 1 MiB a request, 10,000 at most,
            over 4 connections, as NDJSON; and then all of those read as NDJSON over one connection. The largest record is 1 MiB as it
            is stored.
            """,
        axis: "bytes of a value",
        unit: "record",
        points: [10, 100, 1000, 10_000, 100_000, mebibyteRecord],
        lines: ["one a request", "1 MiB a request", "read"]
    ) { site, bytes in
        let count = max(16, min(1024, (16 << 20) / bytes))
        let single = try site.withBroker { broker in
            try Client(port: broker.port).createTopic(topic, "{}")
            let singles = RequestPool.singles(topic: topic, recordBytes: bytes, count: count)
            return try produce(site, broker, connections: 16, singles)
        }
        let each = max(1, min(10_000, (1 << 20) / bytes))
        let (many, read) = try produceAndRead(site, .lines(topic: topic, recordBytes: bytes, recordsEach: each))
        return ["one a request": single, "1 MiB a request": many, "read": read]
    }

    private static let batches = Curve(
        name: "batches",
        title: "Batches",
        work: """
            One partition, values of 100 bytes, so many a request as NDJSON over 4 connections; and then all of them read as NDJSON over
            one connection.
            """,
        axis: "records a request",
        unit: "record",
        points: [1, 10, 100, 1000, 10_000],
        lines: ["produce", "read"]
    ) { site, count in
        let (produce, read) = try produceAndRead(site, .lines(topic: topic, recordBytes: 100, recordsEach: count))
        return ["produce": produce, "read": read]
    }

    /// Produces over 4 connections to one partition, and reads all of it.
    private static func produceAndRead(
        _ site: Site,
        _ requests: RequestPool
    ) throws -> (produce: Figures, read: Figures) {
        try site.withBroker { broker in
            try Client(port: broker.port).createTopic(topic, "{}")
            return (try produce(site, broker, connections: 4, requests), try read(broker))
        }
    }

    /// Produces for a time, and counts what is there.
    private static func produce(
        _ site: Site,
        _ broker: Broker,
        connections: Int,
        _ requests: RequestPool
    ) throws -> Figures {
        let client = Client(port: broker.port)
        let before = try client.partitions(topic).reduce(0) { $0 + $1.end }
        let family = ProcessFamily(broker.pid)
        var load = ProduceLoad(port: broker.port, connections: connections, requests: requests)
        load.seconds = site.seconds
        load.warmUpSeconds = site.warmUpSeconds
        load.server = family
        var outcome = try load.run()
        var sent = outcome.recordsInAll
        // Rounds that wait for a checkpoint of very many files may answer nothing in so short a time.
        if outcome.records == 0 {
            load.seconds = max(30, load.seconds)
            outcome = try load.run()
            sent += outcome.recordsInAll
        }
        let found = try client.partitions(topic).reduce(0) { $0 + $1.end } - before
        guard found == Int64(sent) else {
            throw Client.Unexpected(description: "\(found) records are there, not \(sent)")
        }
        guard outcome.records > 0 else {
            throw Client.Unexpected(description: "nothing was answered within \(fixed(site.seconds, 1)) s")
        }
        return Figures(
            microsecondsEach: outcome.serverSeconds * 1_000_000 / Double(outcome.records),
            perSecond: outcome.recordsPerSecond,
            residentMebibytes: try family.residentMebibytes()
        )
    }

    private static func read(_ broker: Broker) throws -> Figures {
        var load = CatchUpLoad(port: broker.port, topic: topic, partitions: 1)
        load.server = ProcessFamily(broker.pid)
        let outcome = try load.run()
        return Figures(
            microsecondsEach: outcome.serverSeconds * 1_000_000 / Double(outcome.records),
            perSecond: Double(outcome.records) / outcome.seconds,
            residentMebibytes: try ProcessFacts.residentMebibytes(broker.pid)
        )
    }
}
