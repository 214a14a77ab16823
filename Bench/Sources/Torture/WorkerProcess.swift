import BenchSupport
import BrokerTestSupport
import Foundation
import Glibc
import Synchronization

/// A process that does one piece of work.
struct WorkerProcess {
    let work: Work

    /// Runs it to its end.
    ///
    /// A process that dies by a trap is a result, too: a flaw.
    func run(_ progress: @escaping @Sendable (_ states: Int, _ recovered: Int) -> Void) throws -> WorkResult {
        let piece = String(decoding: try JSONEncoder().encode(work), as: UTF8.self)
        let (process, output) = try Self.starting.withLock { _ in
            try Self.start(["torture", "work", "--piece", piece])
        }
        defer { close(output) }
        var log = WorkerLog(progress)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(output, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            log.take(buffer[..<count])
        }
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        guard status == 0, let result = log.result else { return log.trapped(work) }
        return try JSONDecoder().decode(WorkResult.self, from: Data(result))
    }

    /// One at a time, so that no process inherits another's pipe and keeps it open.
    private static let starting = Mutex<Void>(())

    /// Starts this program again, with its output and errors in one pipe.
    private static func start(_ arguments: [String]) throws -> (process: pid_t, output: CInt) {
        var ends: [CInt] = [0, 0]
        try SystemFailure.check(pipe(&ends), "pipe", "for a worker")
        defer { close(ends[1]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        let inherited = ProcessInfo.processInfo.environment.filter { $0.key != Reproducible.variable }
        var environment = inherited.map { strdup("\($0.key)=\($0.value)") }
        environment += [strdup("\(Reproducible.variable)=1"), strdup("SWIFT_BACKTRACE=enable=no"), nil]
        var words = arguments.map { strdup($0) } + [nil]
        defer { for text in environment + words { free(text) } }
        var process = pid_t()
        let code = posix_spawn(&process, "/proc/self/exe", &actions, nil, &words, &environment)
        guard code == 0 else { throw SystemFailure(call: "posix_spawn", path: "/proc/self/exe", code: code) }
        return (process, ends[0])
    }
}

/// What a worker writes: how far it is, its result, and why it died.
struct WorkerLog {
    /// The JSON of the result.
    private(set) var result: [UInt8]?
    private let progress: @Sendable (Int, Int) -> Void
    private var rest: [UInt8] = []
    private var lines: [String] = []
    private var recovered = 0

    init(_ progress: @escaping @Sendable (Int, Int) -> Void) {
        self.progress = progress
    }

    mutating func take(_ bytes: ArraySlice<UInt8>) {
        rest += bytes
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            take(line: Array(rest[..<end]))
            rest.removeFirst(end + 1)
        }
    }

    private mutating func take(line: [UInt8]) {
        if line.first == UInt8(ascii: "{") {
            result = line
            return
        }
        let text = String(decoding: line, as: UTF8.self)
        let words = text.split(separator: " ")
        if words.first == "progress", words.count == 3, let states = Int(words[1]), let count = Int(words[2]) {
            recovered = count
            progress(states, count)
        } else if lines.count < 20 {
            lines.append(text)
        }
    }

    func trapped(_ work: Work) -> WorkResult {
        let reason = lines.first { $0.contains("rror") } ?? lines.first ?? "it died without a word"
        var result = WorkResult()
        result.recoveredCount = recovered
        result.add(StoreFlaw(.trap, "\(work.name): \(reason.prefix(300))"), [])
        return result
    }
}
