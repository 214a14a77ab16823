import Glibc
import Synchronization

/// A command that runs: it gets an input, and its end is waited for without holding up anything else.
///
/// It is a process group of its own, so that Ctrl-C in a terminal reaches the worker alone, which lets it finish, and so
/// that whatever it started ends with it when it is killed. Its output and errors are the worker's.
final class ChildProcess: Sendable {
    /// How a command ended.
    enum Exit: Hashable, Sendable {
        case status(Int32)
        case signal(Int32)
    }

    /// Why a command could not be started.
    struct Failure: Error, CustomStringConvertible {
        let command: String
        let reason: String
        var description: String { "cannot run '\(command)': \(reason)" }
    }

    /// How long a command has between the request to end and its death.
    private static let dyingMax = Duration.seconds(5)

    /// The process's number until it has been waited for: later the number may be another's.
    private let pid: Mutex<pid_t?>
    private let number: pid_t

    private init(_ number: pid_t) {
        self.number = number
        pid = Mutex(number)
    }

    /// Runs a command to its end; when the task is cancelled, it is asked to end, and killed soon after.
    static func run(
        _ command: [String],
        environment: [String],
        input: [UInt8]
    ) async throws(Failure) -> Exit {
        let (child, stdin) = try spawn(command, environment)
        return await withTaskCancellationHandler {
            await OwnThread.run { child.feedAndWait(stdin, input) }
        } onCancel: {
            child.end()
        }
    }

    /// Asks the process group to end, and kills it when it does not.
    private func end() {
        signal(SIGTERM)
        Task {
            try? await Task.sleep(for: Self.dyingMax)
            signal(SIGKILL)
        }
    }

    private func signal(_ signal: Int32) {
        pid.withLock { pid in
            if let pid { _ = kill(-pid, signal) }
        }
    }

    /// Writes the input as fast as it is read, then waits; a command that does not read it is no error.
    private func feedAndWait(_ stdin: Int32, _ input: [UInt8]) -> Exit {
        feed(stdin, input)
        close(stdin)
        var info = siginfo_t()
        // The end is awaited first and collected under the lock, so that no signal goes to a number that is free again.
        while waitid(P_PID, id_t(number), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        return pid.withLock { pid in
            var status: Int32 = 0
            while waitpid(number, &status, 0) < 0, errno == EINTR {}
            pid = nil
            let signal = status & 0x7F
            return signal == 0 ? .status((status >> 8) & 0xFF) : .signal(signal)
        }
    }

    private func feed(_ stdin: Int32, _ input: [UInt8]) {
        var written = 0
        while written < input.count {
            let count = input.withUnsafeBytes {
                write(stdin, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count >= 0 {
                written += count
            } else if errno == EAGAIN {
                var place = pollfd(fd: stdin, events: Int16(POLLOUT), revents: 0)
                // Something that it started may keep the pipe open and never read it: its own end counts.
                if poll(&place, 1, 100) == 0, hasEnded { return }
            } else if errno != EINTR {
                return
            }
        }
    }

    private var hasEnded: Bool {
        var info = siginfo_t()
        return waitid(P_PID, id_t(number), &info, WEXITED | WNOWAIT | WNOHANG) == 0 && info.si_signo == SIGCHLD
    }

    // MARK: Starting

    private static func spawn(
        _ command: [String],
        _ environment: [String]
    ) throws(Failure) -> (child: ChildProcess, stdin: Int32) {
        var ends: [Int32] = [-1, -1]
        var number = pid_t()
        let code = starting.withLock { _ in
            guard pipe(&ends) == 0 else { return errno }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return start(command, environment, stdin: ends[0], &number)
        }
        if ends[0] >= 0 { close(ends[0]) }
        guard code == 0 else {
            if ends[1] >= 0 { close(ends[1]) }
            throw Failure(command: command[0], reason: String(cString: strerror(code)))
        }
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        return (ChildProcess(number), ends[1])
    }

    /// A pipe that another command inherits before it is marked would never end: they start one after the other.
    private static let starting = Mutex(())

    private static func start(
        _ command: [String],
        _ environment: [String],
        stdin: Int32,
        _ number: inout pid_t
    ) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, stdin, STDIN_FILENO)
        // The worker ignores or blocks some signals; the command starts as from a shell.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var arguments = command.map { strdup($0) } + [nil]
        var variables = environment.map { strdup($0) } + [nil]
        defer { for text in arguments + variables { free(text) } }
        return posix_spawnp(&number, command[0], &actions, &attributes, &arguments, &variables)
    }
}
