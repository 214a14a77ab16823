/// The table: what is measured, beside whom, and what it should come to.
enum Rows {
    static let all: [Row] =
        singles + [batches, catchUp, group, fanout, delivery, storage, starts] + idle

    /// One record a request, over ever more partitions and connections.
    private static let singles: [Row] = [
        Row(
            name: "produce-16",
            title: "One record a request, 16 connections",
            work: "Records of 100 bytes, one a request, over 16 connections, each with one request under way.",
            ceiling: """
                a request waits out the flush in progress, then its own: 16 / (2 x one fdatasync); Hummingbird's path 25,000/s
                """,
            contenders: [
                Millrace.singles(connections: 16, partitions: 1),
                Redis.add(.always, connections: 16),
                Etcd.put(connections: 16),
                Millrace.singles(connections: 16, partitions: 8),
                Millrace.singles(connections: 16, partitions: 64),
                Redis.add(.everysec, connections: 16),
            ],
            goals: ["1 partition", "8 partitions", "64 partitions"].flatMap { partitions in
                [
                    Goal(.recordsPerSecond, of: "Millrace, \(partitions)", .atLeast(1.3, times: "Redis, fsync always")),
                    Goal(.recordsPerSecond, of: "Millrace, \(partitions)", .atLeast(5, times: "etcd")),
                ]
            }
        ),
        Row(
            name: "produce-64",
            title: "One record a request, 64 connections",
            work: "The same over 64 connections.",
            ceiling: "the path of a request: Hummingbird's 25,000/s, a bare NIO handler's 53,000/s",
            contenders: [
                Millrace.singles(connections: 64, partitions: 1),
                Redis.add(.always, connections: 64),
            ],
            goals: [
                Goal(.recordsPerSecond, of: "Millrace, 1 partition", .atLeast(1.8, times: "Redis, fsync always"))
            ]
        ),
    ]

    private static let batches = Row(
        name: "produce-1000",
        title: "1,000 records a request, 4 connections",
        work: """
            Records of 100 bytes, 1,000 at a time: a request of NDJSON, 1,000 pipelined commands, publishes without waiting for each.
            """,
        ceiling: "validation and batch building over the bytes",
        contenders: [
            Millrace.lines(connections: 4, partitions: 1, recordsEach: 1000),
            Redis.add(.always, connections: 4, pipelined: 1000),
            JetStream.publish(connections: 4),
            Millrace.lines(connections: 4, partitions: 8, recordsEach: 1000),
            Redis.add(.everysec, connections: 4, pipelined: 1000),
        ],
        goals: [
            Goal(.recordsPerSecond, of: "Millrace, 1 partition", .atLeast(3, times: "Redis, fsync always")),
            Goal(.recordsPerSecond, of: "Millrace, 1 partition", .atLeast(4, times: "JetStream, asynchronous")),
        ]
    )

    private static let catchUp = Row(
        name: "catch-up",
        title: "Catch-up read, one connection",
        work: "Everything there is of one topic or stream, in order, over one connection; records of 100 bytes.",
        ceiling: "encoding and loopback",
        contenders: [
            Millrace.catchUp(records: (full: 2_000_000, quick: 400_000)),
            JetStream.catchUp(records: (full: 2_000_000, quick: 400_000)),
        ],
        goals: [Goal(.recordsPerSecond, of: "Millrace", .atLeast(3, times: "JetStream, ordered push"))]
    )

    private static let group = Row(
        name: "group",
        title: "A group of 4 consumes and commits",
        work: """
            Four members share what there is, and commit or acknowledge it as they go; records of 100 bytes. The time is from the first
            record (with Redis, from asking for it) until everything is committed.
            """,
        ceiling: "encoding and loopback, and the clients",
        contenders: [
            Millrace.group(records: (full: 1_500_000, quick: 300_000), members: 4, partitions: 8),
            Redis.group(records: (full: 1_500_000, quick: 300_000), members: 4),
        ],
        goals: [Goal(.recordsPerSecond, of: "Millrace", .atLeast(4, times: "Redis, XREADGROUP and XACK"))]
    )

    private static let fanout = Row(
        name: "fan-out",
        title: "Fan-out to 9,000 watchers",
        work: """
            9,000 connections wait for server-sent events of the same. First 2 records a second (latencies, processor time for a million
            deliveries), then each record when everybody has the last one (deliveries a second).
            """,
        ceiling: """
            about 16 us for server, client and kernel per delivery: a watcher as channel state and a cursor, not a task
            """,
        contenders: [
            Millrace.fanout(watchers: 9000),
            Nchan.fanout(watchers: 9000, workers: 1),
        ],
        goals: [
            Goal(.deliveriesPerSecond, of: "Millrace", .atLeast(1.5, times: "nchan")),
            Goal(.p99, of: "Millrace", .atMost(0.7, times: "nchan")),
            Goal(.residentMebibytes, of: "Millrace", .atMost(1.3, times: "nchan")),
        ]
    )

    private static let delivery = Row(
        name: "delivery",
        title: "From publishing to delivery",
        work: "1,000 records a second, one a request, on a schedule that no slow answer slows; one watcher.",
        ceiling: "one flush, two hops",
        contenders: [Millrace.delivery(perSecond: 1000), Storage.flushes()],
        goals: [
            Goal(.p50, of: "Millrace", .atMostMedian(1, of: "one fdatasync", plusMilliseconds: 0.5)),
            Goal(.p99, of: "Millrace", .atMostMedian(3, of: "one fdatasync", plusMilliseconds: 0.5)),
        ]
    )

    private static let storage = Row(
        name: "storage",
        title: "The storage engine alone",
        work: "Batches of 64 KiB built beforehand, each flushed, one after the other, without HTTP.",
        ceiling: "the disk: bytes written twice give 0.5, so large batches go by reference",
        contenders: [
            Storage.append("storage engine", "store", .flushed, setup: "one partition, a ring of 128 MiB"),
            Storage.append("fio, a pre-written file", "pre-written", .limit, setup: "64 KiB and fdatasync, 128 MiB"),
            Storage.append("fio, a growing file", "growing", .limit, setup: "64 KiB and fdatasync"),
        ],
        goals: [
            Goal(.megabytesPerSecond, of: "storage engine", .atLeast(0.8, times: "fio, a pre-written file")),
            Goal(.megabytesPerSecond, of: "storage engine", .atLeast(0.8, times: "fio, a growing file")),
        ]
    )

    private static let starts = Row(
        name: "start",
        title: "Starts with large logs",
        work: "From the start of the process to the line `listening on`; 10 GiB in 8 partitions (512 MiB when quick).",
        ceiling: "the unscanned tail at 1 GB/s and more",
        contenders: [Storage.starts(mebibytes: (full: 10_240, quick: 512))],
        goals: [
            Goal(.cleanStartSeconds, of: "Millrace", .atMostValue(0.5)),
            Goal(.uncleanStartSeconds, of: "Millrace", .atMostValue(2)),
        ]
    )

    private static let idle: [Row] = [(1_000, 100.0), (10_000, 500.0)].map { partitions, mebibytes in
        Row(
            name: "idle-\(partitions)",
            title: "\(partitions) idle partitions",
            work: "A broker whose partitions have one record each, and nobody who asks.",
            ceiling: "a segment and its state for each",
            contenders: [Storage.idle(partitions: partitions)],
            goals: [
                Goal(.residentMebibytes, of: "Millrace, \(partitions) partitions", .atMostValue(mebibytes)),
                Goal(.processorPercent, of: "Millrace, \(partitions) partitions", .atMostValue(0.5)),
            ],
            // Files and directories for all of them take their time.
            quickRoundsMax: partitions > 1_000 ? 1 : 3
        )
    }
}
