import ArgumentParser
import BenchSupport
import Glibc
import MillraceClient

/// `group-bench rebalance`: how long a change of members takes, and what those notice who keep what they have.
struct RebalanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebalance",
        abstract: "How long a rebalance takes, and what it does to the partitions that do not move.",
        discussion: """
            So many members share so many partitions while records are produced at a steady rate. One more member joins, and
            leaves again, in each round. A record's delay is from the sending of its request to its arrival at a member.
            """
    )

    @Option(help: ArgumentHelp("Where the files go; a new directory is made in it.", valueName: "path"))
    var directory = "."
    @Option(help: ArgumentHelp("The millrace program.", valueName: "path"))
    var program = ".build-release/release/millrace"
    @Option(help: "How often a member joins and leaves.") var rounds = 5
    @Option(help: "How many members there are.") var members = 100
    @Option(help: "How many partitions they share.") var partitions = 1000
    @Option(help: "How many records are produced in a second.") var rate = 1000

    private static let topic = "events"

    func run() async throws {
        let scratch = try RunDirectory.make(below: directory, named: "group-bench")
        defer { RunDirectory.remove(scratch) }
        let place = Place(of: scratch)
        print("Linux \(place.kernel); \(place.processorCount) x \(place.processor)\n")
        var setup = Broker.Setup(program: program, scratch: scratch)
        setup.logLevel = "info"
        let broker = try Broker(setup)
        let server = "http://127.0.0.1:\(broker.port)"
        var configuration = ClientConfiguration()
        configuration.connectionsMax = members + 64
        let results = try await MillraceClient.withClient(server: server, configuration: configuration) { client in
            try await client.createTopic(Self.topic, partitions: partitions)
            return try await measure(client)
        }
        try broker.stop()
        show(results)
    }

    /// Everybody works for as long as the rounds take.
    private func measure(_ client: MillraceClient) async throws -> Results {
        let board = Board()
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 0..<members { tasks.addTask { await told { try await member(number, client, board).run() } } }
            tasks.addTask { await told { try await produce(client, board) } }
            defer { tasks.cancelAll() }
            let share = partitions / members
            _ = try await board.wait("all members have their share") { held in
                held.count == members && held.values.allSatisfy { $0.count >= share }
            }
            var results = Results()
            for round in 1...rounds {
                Self.note("round \(round) of \(rounds)")
                try await self.round(client, board, &results)
            }
            return results
        }
    }

    private func member(_ number: Int, _ client: MillraceClient, _ board: Board) -> MeasuredMember {
        let options = GroupJoinOptions(group: "workers", topics: [Self.topic])
        return MeasuredMember(client: client, options: options, board: board, number: number)
    }

    /// A member joins and leaves again.
    private func round(_ client: MillraceClient, _ board: Board, _ results: inout Results) async throws {
        board.clear()
        let quiet = board.now
        try await Task.sleep(for: .seconds(2))
        let before = board.held
        let begin = board.now
        let newcomer = member(members, client, board)
        let task = Task { try await newcomer.run() }
        let share = partitions / (members + 1)
        let joined = try await board.wait("the newcomer has its share") { ($0[members]?.count ?? 0) >= share }
        let moved = board.held[members] ?? []
        try await Task.sleep(for: .seconds(1))
        let unmoved = before.values.reduce(into: Set<Int32>()) { $0.formUnion($1) }.subtracting(moved)
        results.join.add(Double(joined - begin) / 1e6)
        results.moved.add(Double(moved.count))
        results.before.add(board.arrivals(sent: quiet..<begin).filter { unmoved.contains($0.partition) })
        results.during.add(board.arrivals(sent: begin..<joined).filter { unmoved.contains($0.partition) })
        results.movedDelay.add(board.arrivals(sent: begin..<joined).filter { moved.contains($0.partition) })

        let leave = board.now
        task.cancel()
        _ = await task.result
        board.left(members)
        let left = try await board.wait("the others have what it left") { held in
            held.values.reduce(0) { $0 + $1.count } == partitions
        }
        results.leave.add(Double(left - leave) / 1e6)
    }

    /// Steady: a request each ten milliseconds, its records to partitions in turn.
    private func produce(_ client: MillraceClient, _ board: Board) async throws {
        let perRequest = max(1, rate / 100)
        var partition: Int32 = 0
        var next = ContinuousClock.now
        while true {
            next += .milliseconds(10)
            try await Task.sleep(until: next)
            let records = (0..<perRequest).map { _ in
                partition = (partition + 1) % Int32(partitions)
                return NewRecord(value: board.now, partition: partition)
            }
            _ = try await client.produce(Self.topic, records)
        }
    }

    /// What fails while the others go on is told, or the figures would be of something else.
    private func told(_ work: () async throws -> Void) async {
        do { try await work() } catch { if !Task.isCancelled { Self.note("failed: \(error)") } }
    }

    private static func note(_ text: String) {
        let line = Array("group-bench: \(text)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }

    private func show(_ results: Results) {
        print("\(members) members, \(partitions) partitions, \(rate) records a second; medians of \(rounds) rounds\n")
        var times = Table("one more member", "ms")
        times.add("joins: until it has its share", results.join.text(0))
        times.add("leaves: until the others have what it had", results.leave.text(0))
        times.add("partitions that move to it", results.moved.text(0))
        times.show()
        var delays = Table("delay of a record, ms", "p50", "p99", "max")
        results.before.show(in: &delays, "partitions that stay, before")
        results.during.show(in: &delays, "partitions that stay, while it joins")
        results.movedDelay.show(in: &delays, "partitions that move")
        delays.show()
    }
}

/// What the rounds brought.
private struct Results {
    var join = Series()
    var leave = Series()
    var moved = Series()
    var before = Delays()
    var during = Delays()
    var movedDelay = Delays()
}

/// Delays, round by round.
private struct Delays {
    private var p50 = Series()
    private var p99 = Series()
    private var highest = Series()

    /// A round's records; one that brought none says nothing.
    mutating func add(_ arrivals: [Board.Arrival]) {
        let delays = arrivals.map { Double($0.came - $0.sent) / 1e6 }.sorted()
        guard let last = delays.last else { return }
        p50.add(delays[delays.count / 2])
        p99.add(delays[delays.count * 99 / 100])
        highest.add(last)
    }

    func show(in table: inout Table, _ name: String) {
        table.add(name, p50.text(1), p99.text(1), highest.text(1))
    }
}
