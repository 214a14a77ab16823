import Glibc

/// Connections to a broker on this machine.
package enum Loopback {
    /// A connected socket, for the caller to close.
    package static func connect(port: UInt16) throws -> Int32 {
        let descriptor = try SystemFailure.check(
            socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0),
            "socket",
            "tcp"
        )
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let code = errno
            close(descriptor)
            throw SystemFailure(call: "connect", path: "127.0.0.1:\(port)", code: code)
        }
        return descriptor
    }
}
