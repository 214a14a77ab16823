import Foundation

/// A `kubectl` that is not ours, and a broker that it is pointed at.
struct Kubectl {
    /// What a call has said.
    struct Answer {
        let isDone: Bool
        let output: String
        let errors: String

        /// The lines of the output, each as its words.
        var rows: [[String]] {
            output.split(separator: "\n").map { line in line.split(separator: " ").map { String($0) } }
        }
    }

    let program: URL
    let sandbox: Sandbox
    let server: String

    /// Where `.ci/setup test` puts Debian's, beside whatever other there is.
    private static let debian = ".build-kubernetes/usr/bin/kubectl"

    /// Every one that there is: Debian's, which must be there, and those on the path.
    static func all() throws -> [URL] {
        let root = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
        let debian = root.appendingPathComponent(Self.debian)
        guard FileManager.default.isExecutableFile(atPath: debian.path) else {
            throw Sandbox.Missing(description: "no kubectl at \(debian.path): run `make setup`")
        }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let others = folders.map { URL(fileURLWithPath: "\($0)/kubectl").resolvingSymlinksInPath() }
            .filter { FileManager.default.isExecutableFile(atPath: $0.path) }
        return others.reduce(into: [debian]) { if !$0.contains($1) { $0.append($1) } }
    }

    /// The release that it is of, such as 1.32.
    func release() async throws -> (text: String, minor: Int) {
        let answer = try await run("version", "--client", "-o", "json")
        struct Version: Decodable {
            struct Client: Decodable {
                let gitVersion: String
                let minor: String
            }
            let clientVersion: Client
        }
        let version = try JSONDecoder().decode(Version.self, from: Data(answer.output.utf8)).clientVersion
        return (version.gitVersion, Int(version.minor.filter { $0.isNumber }) ?? 0)
    }

    /// Runs it to its end, whatever that is.
    func run(_ arguments: String...) async throws -> Answer {
        let child = try start(arguments)
        let exit = try await child.ended()
        return Answer(isDone: exit == .status(0), output: child.outputText, errors: child.errorText)
    }

    /// Runs it to its end, which must be a good one.
    @discardableResult
    func output(_ arguments: String...) async throws -> Answer {
        let child = try start(arguments)
        guard try await child.ended() == .status(0) else {
            throw Overdue(description: "kubectl \(arguments.joined(separator: " ")): \(child.errorText)")
        }
        return Answer(isDone: true, output: child.outputText, errors: child.errorText)
    }

    /// Starts it, with nothing but the broker's address: no configuration of whoever runs the tests.
    func start(_ arguments: [String]) throws -> Child {
        let cache = sandbox.directory.appendingPathComponent("kube-\(program.path.hashValue.magnitude)").path
        let options = ["--server", server, "--kubeconfig", "/dev/null", "--cache-dir", cache]
        return try sandbox.program("kubectl", program.path, options + arguments)
    }

    /// Writes an object of `prices` into a file.
    func file(_ name: String, _ value: String, labels: String = "{}") throws -> String {
        try file(
            """
            apiVersion: millrace.dev/v1
            kind: Prices
            metadata: {name: \(name), labels: \(labels)}
            value: \(value)
            """
        )
    }

    /// Writes a text into a file.
    func file(_ text: String) throws -> String {
        let file = sandbox.directory.appendingPathComponent("\(UUID().uuidString).yaml")
        try Data(text.utf8).write(to: file)
        return file.path
    }
}
