import BenchSupport

extension Machine {
    /// The machine with the versions of all peers.
    init(withPeersOf directory: String) {
        self.init(
            of: directory,
            versions: [
                "Redis": Self.debian("redis-server"),
                "NATS server": Self.debian("nats-server"),
                "NATS C client": Self.debian("libnats-dev"),
                "etcd": Self.debian("etcd-server"),
                "nginx": Self.debian("nginx-light") ?? Self.debian("nginx"),
                "nchan": Self.debian("libnginx-mod-nchan"),
                "fio": Self.debian("fio"),
            ]
        )
    }

    /// The version of Debian's package; nil where it is not installed.
    private static func debian(_ package: String) -> String? {
        let version = try? Tool.run(["dpkg-query", "-W", "-f", "${Version}", package])
        return version.flatMap { $0.isEmpty ? nil : $0 }
    }
}
