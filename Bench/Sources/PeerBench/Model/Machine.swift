import BenchSupport

/// On what it was measured, and which versions; nothing that names the machine.
struct Machine: Codable, Hashable {
    let processor: String
    let processorCount: Int
    let memoryGibibytes: Int
    let kernel: String
    let fileSystem: String
    let versions: [String: String]

    init(of directory: String, _ program: String) {
        let place = Place(of: directory)
        processor = place.processor
        processorCount = place.processorCount
        kernel = place.kernel
        fileSystem = "\(place.fileSystem) (\(place.options))"
        let memory = (try? TextFile.read("/proc/meminfo"))?.split(separator: "\n").first?.split(separator: " ")
        memoryGibibytes = Int((memory?.dropFirst().first.flatMap { Double($0) } ?? 0) / 1_048_576 + 0.5)
        versions = [
            "Millrace": Tool.firstLine(["git", "describe", "--always", "--dirty"]),
            "Swift": Tool.firstLine(["swift", "--version"])?.replacing("Swift version ", with: ""),
            "Redis": Self.debian("redis-server"),
            "NATS server": Self.debian("nats-server"),
            "NATS C client": Self.debian("libnats-dev"),
            "etcd": Self.debian("etcd-server"),
            "nginx": Self.debian("nginx-light") ?? Self.debian("nginx"),
            "nchan": Self.debian("libnginx-mod-nchan"),
            "fio": Self.debian("fio"),
        ].compactMapValues { $0 }
    }

    /// The version of Debian's package; nil where it is not installed.
    private static func debian(_ package: String) -> String? {
        let version = try? Tool.run(["dpkg-query", "-W", "-f", "${Version}", package])
        return version.flatMap { $0.isEmpty ? nil : $0 }
    }
}
