import BenchSupport
import LoadGenerator

/// NATS JetStream with a file store, through its own C library.
enum JetStream {
    private static let setup = "nats.conf, file store; nats-client"

    /// Asynchronous publishes, all acknowledged at the end.
    static func publish(connections: Int) -> Contender {
        let clients = "\(connections) connection\(connections == 1 ? "" : "s")"
        return Contender(
            name: "JetStream, asynchronous",
            durability: .written,
            setup: "\(setup), \(clients), 4,096 publishes under way on each"
        ) { shop in
            let server = try shop.nats()
            let rate = try publish(shop, server, connections, count: 50_000)
            let count = max(100_000, Int(rate * shop.seconds))
            let used = try server.family.processorSeconds()
            let perSecond = try publish(shop, server, connections, count: count)
            let usedAfter = try server.family.processorSeconds()
            return [
                .recordsPerSecond: perSecond,
                .serverSecondsPerMillion: (usedAfter - used) * 1_000_000 / Double(count),
                .residentMebibytes: try server.family.residentMebibytes(),
            ]
        }
    }

    /// An ordered push consumer reads everything.
    static func catchUp(records: (full: Int, quick: Int)) -> Contender {
        Contender(name: "JetStream, ordered push", durability: .none, setup: setup) { shop in
            let server = try shop.nats()
            let count = shop.size(records.full, quick: records.quick)
            _ = try publish(shop, server, 1, count: count)
            let used = try server.family.processorSeconds()
            let command = ["\(shop.tools)/nats-client", "read", url(server), "\(count)"]
            let line = try Tool.run(command, log: shop.log)
            let usedAfter = try server.family.processorSeconds()
            return [
                .recordsPerSecond: Double(count) / (try Tool.number("seconds", in: line)),
                .serverSecondsPerMillion: (usedAfter - used) * 1_000_000 / Double(count),
                .residentMebibytes: try server.family.residentMebibytes(),
            ]
        }
    }

    private static func url(_ server: PeerProcess) -> String { "nats://127.0.0.1:\(server.port)" }

    /// Records a second.
    private static func publish(
        _ shop: Workshop,
        _ server: PeerProcess,
        _ connections: Int,
        count: Int
    ) throws -> Double {
        let client = ["\(shop.tools)/nats-client", "publish", url(server), "\(connections)", "\(count)", "100"]
        return Double(count) / (try Tool.number("seconds", in: try Tool.run(client, log: shop.log)))
    }
}

/// etcd through its HTTP gateway, with the same client as Millrace.
enum Etcd {
    static func put(connections: Int) -> Contender {
        Contender(
            name: "etcd",
            durability: .flushed,
            setup: "etcd.yml; our HTTP client, POST /v3/kv/put, \(connections) connections, 1,024 keys"
        ) { shop in
            let server = try shop.etcd()
            var load = ProduceLoad(port: server.port, connections: connections, requests: .etcdPuts(recordBytes: 100))
            load.seconds = shop.seconds
            load.warmUpSeconds = shop.warmUpSeconds
            load.server = server.family
            var figures = produceFigures(try load.run())
            figures[.residentMebibytes] = try server.family.residentMebibytes()
            return figures
        }
    }
}

/// nchan in nginx, with the same watchers as Millrace.
enum Nchan {
    /// Two workers were no quicker than one where watchers and publisher need the other core.
    static func fanout(watchers: Int, workers: Int) -> Contender {
        Contender(
            name: "nchan",
            durability: .memory,
            setup: "nginx.conf, \(workers) worker\(workers == 1 ? "" : "s"); our watchers by server-sent events"
        ) { shop in
            let server = try shop.nchan(workers: workers)
            var load = FanoutLoad(port: server.port, topic: "", watchers: watchers, server: server.family)
            load.watchTarget = "/watch"
            load.publishTarget = "/publish"
            load.seconds = shop.seconds
            return fanoutFigures(try load.run())
        }
    }
}
