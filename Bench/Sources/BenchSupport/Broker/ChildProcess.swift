import Glibc

/// A process that was started, and its two outputs.
package struct ChildProcess: Sendable {
    package let pid: pid_t
    package let output: PipeLines
    package let errors: PipeLines

    /// Starts a program with nothing of this process's environment that is meant for Millrace.
    package init(_ command: [String]) throws {
        let output = try PipeLines()
        let errors = try PipeLines()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.writeEnd, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors.writeEnd, STDERR_FILENO)
        var pid = pid_t()
        let code = CStrings.with(command) { arguments in
            CStrings.with(CStrings.environment()) { environment in
                posix_spawnp(&pid, command[0], &actions, nil, arguments, environment)
            }
        }
        output.closeWriteEnd()
        errors.closeWriteEnd()
        guard code == 0 else { throw SystemFailure(call: "spawn", path: command[0], code: code) }
        self.pid = pid
        self.output = output
        self.errors = errors
    }

    /// Waits for the end; what it returns is as of waitpid(2).
    package func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status
    }
}

/// Arrays of strings for C.
package enum CStrings {
    /// The environment without Millrace's variables.
    package static func environment() -> [String] {
        let names = ["PATH", "HOME", "LANG", "TMPDIR"]
        return names.compactMap { (name: String) in getenv(name).map { "\(name)=\(String(cString: $0))" } }
    }

    package static func with<Result>(
        _ strings: [String],
        _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}
