import Foundation

/// A real nginx before a broker, without privileges, with everything that it writes in the test's sandbox.
struct Nginx {
    let child: Child
    /// What it says of itself.
    let version: String
    /// `http://127.0.0.1:PORT`.
    let server: String

    var port: String { String(server.split(separator: ":").last ?? "") }

    /// Starts it with the configuration that docs/nginx.md shows, on a port of its own; a missing nginx fails the test.
    ///
    /// Somebody else may take a port that was free a moment ago; then another one is tried.
    static func start(before broker: BrokerProcess, in sandbox: Sandbox) async throws -> Nginx {
        let program = FileManager.default.isExecutableFile(atPath: "/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx"
        let asked = try sandbox.program("nginx-version", program, ["-v"])
        guard try await asked.ended() == .status(0) else {
            throw Sandbox.Missing(description: "nginx is not there: run `make setup`; \(asked.errorText)")
        }
        let version = asked.errorText.trimmingCharacters(in: .whitespacesAndNewlines)
        for _ in 1...5 {
            let port = try freePort()
            let folder = sandbox.directory.appendingPathComponent("nginx-\(port)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let file = folder.appendingPathComponent("nginx.conf")
            try Data(configuration(port: port, broker: broker.port).utf8).write(to: file)
            let child = try sandbox.program("nginx", program, ["-p", folder.path, "-c", file.path, "-e", "stderr"])
            let proxy = Nginx(child: child, version: version, server: "http://127.0.0.1:\(port)")
            if try await proxy.serves(in: sandbox) { return proxy }
        }
        throw Overdue(description: "nginx found no free port")
    }

    /// Waits until it answers; false when its port was taken.
    private func serves(in sandbox: Sandbox) async throws -> Bool {
        try await eventually("nginx serves") {
            if child.exit != nil {
                guard child.errorText.contains("Address already in use") else {
                    throw Overdue(description: "nginx ended: \(child.errorText)")
                }
                return false
            }
            let answer = try? await Curl(server: server, sandbox).send("/readyz")
            return answer?.status == 200 ? true : nil
        }
    }

    /// The configuration of the documentation, with the test's ports, in a frame that writes nothing elsewhere.
    private static func configuration(port: Int, broker: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appendingPathComponent("docs/nginx.md"), encoding: .utf8)
        let parts = page.components(separatedBy: "```nginx\n")
        guard parts.count == 2, let shown = parts[1].components(separatedBy: "```").first,
            shown.contains("listen 80;"), shown.contains("127.0.0.1:8080;")
        else { throw Sandbox.Missing(description: "docs/nginx.md shows no configuration, or another one") }
        let site = shown.replacing("listen 80;", with: "listen 127.0.0.1:\(port);")
            .replacing("127.0.0.1:8080;", with: "127.0.0.1:\(broker);")
        return """
            daemon off;
            master_process off;
            pid nginx.pid;
            error_log stderr warn;
            events { worker_connections 512; }
            http {
                access_log off;
                client_body_temp_path body;
                proxy_temp_path proxy;
                fastcgi_temp_path fastcgi;
                uwsgi_temp_path uwsgi;
                scgi_temp_path scgi;
                \(site)
            }

            """
    }

    /// A port that nobody listens on now.
    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw Overdue(description: "no free port: errno \(errno)") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
