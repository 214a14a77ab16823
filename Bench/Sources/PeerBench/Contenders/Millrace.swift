import BenchSupport
import LoadGenerator

/// What Millrace does in the rows: a broker with the defaults of `millrace serve`, over HTTP.
enum Millrace {
    /// One record a request.
    static func singles(connections: Int, partitions: Int) -> Contender {
        produce(name(partitions), connections, partitions, records: 1) { .singles(topic: "events", recordBytes: 100) }
    }

    /// Many records a request, as NDJSON.
    static func lines(connections: Int, partitions: Int, recordsEach: Int) -> Contender {
        produce(name(partitions), connections, partitions, records: recordsEach) {
            .lines(topic: "events", recordBytes: 100, recordsEach: recordsEach)
        }
    }

    private static func name(_ partitions: Int) -> String {
        "Millrace, \(partitions) partition\(partitions == 1 ? "" : "s")"
    }

    private static func produce(
        _ name: String,
        _ connections: Int,
        _ partitions: Int,
        records: Int,
        _ requests: @escaping @Sendable () -> RequestPool
    ) -> Contender {
        let one = "one record a request, keys over all partitions"
        let what = records == 1 ? one : "\(records) records a request, NDJSON"
        return Contender(
            name: name,
            durability: .flushed,
            setup: "defaults; \(connections) connections, \(what)"
        ) { shop in
            let broker = try shop.broker()
            try Client(port: broker.port).createTopic("events", "{\"partitions\":\(partitions)}")
            let before = try BrokerCounters(port: broker.port)
            var load = ProduceLoad(port: broker.port, connections: connections, requests: requests())
            load.seconds = shop.seconds
            load.warmUpSeconds = shop.warmUpSeconds
            load.server = ProcessFamily(broker.pid)
            let outcome = try load.run()
            let found = try Client(port: broker.port).partitions("events").reduce(0) { $0 + $1.end }
            guard found == Int64(outcome.recordsInAll) else {
                throw Client.Unexpected(description: "\(found) records are there, not \(outcome.recordsInAll)")
            }
            var figures = produceFigures(outcome)
            figures[.recordsPerFlush] = try BrokerCounters(port: broker.port).recordsPerFlush(since: before)
            figures[.residentMebibytes] = try ProcessFacts.residentMebibytes(broker.pid)
            try broker.stop()
            return figures
        }
    }

    /// One connection reads everything.
    static func catchUp(records: (full: Int, quick: Int)) -> Contender {
        Contender(name: "Millrace", durability: .none, setup: "defaults; a watch as NDJSON, 1 partition") { shop in
            let broker = try shop.broker()
            try Client(port: broker.port).createTopic("events", "{}")
            let count = shop.size(records.full, quick: records.quick)
            try Filling(port: broker.port, topic: "events", partitions: 1, recordBytes: 100).add(count)
            var load = CatchUpLoad(port: broker.port, topic: "events", partitions: 1)
            load.server = ProcessFamily(broker.pid)
            let outcome = try load.run()
            let resident = try ProcessFacts.residentMebibytes(broker.pid)
            try broker.stop()
            let million = Double(outcome.records) / 1_000_000
            return [
                .recordsPerSecond: Double(outcome.records) / outcome.seconds,
                .megabytesPerSecond: Double(outcome.bytes) / outcome.seconds / 1_000_000,
                .serverSecondsPerMillion: outcome.serverSeconds / million,
                .clientSecondsPerMillion: outcome.clientSeconds / million,
                .residentMebibytes: resident,
            ]
        }
    }

    /// Four members share eight partitions and commit.
    static func group(records: (full: Int, quick: Int), members: Int, partitions: Int) -> Contender {
        let setup = "defaults; \(members) streams, \(partitions) partitions, a commit every 1,000 records of a member"
        return Contender(name: "Millrace", durability: .flushed, setup: setup) { shop in
            let broker = try shop.broker()
            try Client(port: broker.port).createTopic("events", "{\"partitions\":\(partitions)}")
            let count = shop.size(records.full, quick: records.quick)
            try Filling(port: broker.port, topic: "events", partitions: partitions, recordBytes: 100).add(count)
            var load = GroupLoad(port: broker.port, topic: "events", partitions: partitions)
            load.members = members
            load.server = ProcessFamily(broker.pid)
            let outcome = try load.run()
            let resident = try ProcessFacts.residentMebibytes(broker.pid)
            try broker.stop()
            let million = Double(outcome.records) / 1_000_000
            return [
                .recordsPerSecond: Double(outcome.records) / outcome.seconds,
                .serverSecondsPerMillion: outcome.serverSeconds / million,
                .clientSecondsPerMillion: outcome.clientSeconds / million,
                .residentMebibytes: resident,
            ]
        }
    }

    /// Many watch the same partition.
    static func fanout(watchers: Int) -> Contender {
        // A limit of 20,000 open files leaves 7,500 streams by default.
        let options = FanoutLoad.options(watchers: watchers)
        let setup = "\(options.joined(separator: " ")); server-sent events, every record flushed before it is delivered"
        return Contender(name: "Millrace", durability: .flushed, setup: setup) { shop in
            let broker = try shop.broker(options: options)
            try Client(port: broker.port).createTopic("events", "{}")
            let family = ProcessFamily(broker.pid)
            var load = FanoutLoad(port: broker.port, topic: "events", watchers: watchers, server: family)
            load.seconds = shop.seconds
            let figures = fanoutFigures(try load.run())
            try broker.kill()
            return figures
        }
    }

    /// From publishing to the one watcher.
    static func delivery(perSecond rate: Double) -> Contender {
        Contender(
            name: "Millrace",
            durability: .flushed,
            setup: "defaults; one watcher by server-sent events, records on an open schedule over 16 connections"
        ) { shop in
            let broker = try shop.broker()
            try Client(port: broker.port).createTopic("events", "{}")
            var load = DeliveryLoad(port: broker.port, topic: "events")
            load.rate = rate
            load.warmUpSeconds = shop.warmUpSeconds
            load.seconds = shop.seconds
            load.server = ProcessFamily(broker.pid)
            let outcome = try load.run()
            let used = outcome.acknowledgements.serverSeconds
            try broker.stop()
            return latencies(outcome.deliveries).merging(
                [.serverSecondsPerMillion: used * 1_000_000 / Double(outcome.acknowledgements.records)]
            ) { $1 }
        }
    }
}

/// The figures of a producing load.
func produceFigures(_ outcome: ProduceLoad.Outcome) -> Measurement {
    let million = Double(outcome.records) / 1_000_000
    return latencies(outcome.latencies).merging([
        .recordsPerSecond: outcome.recordsPerSecond,
        .serverSecondsPerMillion: outcome.serverSeconds / million,
        .clientSecondsPerMillion: outcome.clientSeconds / million,
    ]) { $1 }
}

/// The figures of a fan-out.
func fanoutFigures(_ outcome: FanoutLoad.Outcome) -> Measurement {
    latencies(outcome.latencies).merging([
        .deliveriesPerSecond: outcome.deliveriesPerSecond,
        .serverSecondsPerMillion: outcome.serverMicrosecondsEach,
        .clientSecondsPerMillion: outcome.clientMicrosecondsEach,
        .residentMebibytes: outcome.residentMebibytes,
    ]) { $1 }
}

private func latencies(_ histogram: LatencyHistogram) -> Measurement {
    [
        .p50: histogram.milliseconds(percentile: 50),
        .p99: histogram.milliseconds(percentile: 99),
        .p999: histogram.milliseconds(percentile: 99.9),
    ]
}
