import Glibc
import Synchronization

/// A broker as a real process, whose log is read line by line as it comes.
package final class Broker: Sendable {
    /// It did not start, or ended when or as it should not have.
    package struct Ended: Error, CustomStringConvertible {
        package let description: String
    }

    /// How to start one.
    package struct Setup: Sendable {
        /// The `millrace` program.
        package var program: String
        /// Where all files of the run lie.
        package var scratch: String
        /// The data directory.
        package var directory: String
        /// More of `serve`'s options.
        package var options: [String] = []
        /// The limit of open files and sockets, if there is to be one.
        package var descriptorsMax: Int?
        /// A file that gets the whole log of all brokers.
        package var log: String
        /// What is logged; kills need `debug`.
        package var logLevel = "debug"
        /// Variables of the environment, as `NAME=value`.
        package var environment: [String] = []

        /// A broker whose data and log lie in a directory.
        package init(program: String, scratch: String, options: [String] = []) {
            self.program = program
            self.scratch = scratch
            self.options = options
            directory = "\(scratch)/data"
            log = "\(scratch)/broker.log"
        }

        /// The command line.
        package var command: [String] {
            var serve = [program, "serve", "--port", "0", "--data-dir", directory, "--log-level", logLevel] + options
            if !environment.isEmpty { serve = ["/usr/bin/env"] + environment + serve }
            guard let descriptorsMax else { return serve }
            return ["/bin/sh", "-c", "ulimit -n \(descriptorsMax); exec \"$0\" \"$@\""] + serve
        }
    }

    /// The process's number.
    package let pid: pid_t
    /// Where it listens.
    package let port: UInt16
    /// What its log says.
    package let watch: BrokerWatch
    private let child: ChildProcess
    private let reader: SystemThread
    private let status = Mutex<Int32?>(nil)

    /// Starts a broker and waits until it listens.
    package init(_ setup: Setup) throws {
        let child = try ChildProcess(setup.command)
        let watch = BrokerWatch()
        let log = try LogFile(appendingTo: setup.log)
        reader = SystemThread {
            // A kill that comes late falls beside its target, so this thread goes first where that is allowed.
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, -20)
            child.errors.forEachLine { line in
                watch.take(line, from: child.pid)
                log.write(line)
            }
            watch.end()
        }
        let line = child.output.firstLine()
        guard line.hasPrefix("listening on http://"), let port = line.split(separator: ":").last.flatMap({ UInt16($0) })
        else {
            Glibc.kill(child.pid, SIGKILL)
            let status = child.wait()
            reader.join()
            throw Ended(description: "the broker did not start (wait status \(status)): \(watch.lastLines)")
        }
        pid = child.pid
        self.port = port
        self.watch = watch
        self.child = child
    }

    /// Nobody holds it any more: a run that failed leaves no process behind.
    deinit {
        guard status.withLock({ $0 == nil }) else { return }
        Glibc.kill(pid, SIGKILL)
        _ = wait()
    }

    /// Kills it, unless that is done already, and waits until nothing of it is left.
    ///
    /// - Throws: `Ended` when it had ended by itself.
    package func kill() throws {
        Glibc.kill(pid, SIGKILL)
        let status = wait()
        guard status & 0x7F == SIGKILL else {
            throw Ended(description: "the broker ended by itself (wait status \(status)): \(watch.lastLines)")
        }
    }

    /// Stops it as an operator does.
    ///
    /// - Throws: `Ended` when its exit status is not 0.
    package func stop() throws {
        Glibc.kill(pid, SIGTERM)
        let status = wait()
        guard status == 0 else {
            throw Ended(description: "the broker's end was not in order (wait status \(status)): \(watch.lastLines)")
        }
    }

    /// Waits for its end, and until its whole log has been read.
    private func wait() -> Int32 {
        status.withLock { status in
            if let status { return status }
            let found = child.wait()
            reader.join()
            status = found
            return found
        }
    }

    /// Whether it is still there.
    package var isRunning: Bool { !watch.hasEnded }
}
