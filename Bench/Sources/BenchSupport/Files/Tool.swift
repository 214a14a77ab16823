import Glibc

/// A program that runs to its end, and what it printed.
package enum Tool {
    /// It is not there, or did not end well.
    package struct Failed: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) {
            self.description = description
        }
    }

    /// Longer than anything takes that goes on at all.
    private static let secondsMax = 1800

    /// Runs a program.
    ///
    /// - Returns: Its standard output.
    @discardableResult
    package static func run(_ command: [String], log: String = "/dev/null") throws -> String {
        let child = try ChildProcess(
            ["/bin/sh", "-c", "log=$0; exec \"$@\" 2>>\"$log\"", log, "timeout", "-k", "5", "\(secondsMax)"] + command
        )
        var lines: [String] = []
        child.output.forEachLine { lines.append($0) }
        let status = child.wait()
        guard status == 0 else {
            let told = (try? TextFile.read(log))?.split(separator: "\n").suffix(5).joined(separator: " ") ?? ""
            throw Failed(description: "\(command[0]) failed (wait status \(status)): \(told)")
        }
        return lines.joined(separator: "\n")
    }

    /// The first line that a program prints of itself; nil where it is not there.
    package static func firstLine(_ command: [String]) -> String? {
        let text = try? run(["/bin/sh", "-c", "exec \"$0\" \"$@\" 2>&1"] + command)
        return text?.split(separator: "\n").first.map(String.init)
    }

    /// A number that a client printed in its line of JSON.
    package static func number(_ name: String, in line: String) throws -> Double {
        guard let start = line.firstRange(of: "\"\(name)\":") else {
            throw Failed(description: "no \(name) in: \(line)")
        }
        let digits = line[start.upperBound...].prefix { $0.isNumber || $0 == "." || $0 == "-" || $0 == "e" }
        guard let value = Double(digits) else { throw Failed(description: "no number \(name) in: \(line)") }
        return value
    }
}
