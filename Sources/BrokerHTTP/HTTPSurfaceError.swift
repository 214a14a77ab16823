/// Why the HTTP surface could not start, or had to stop.
public enum HTTPSurfaceError: Error, Sendable, CustomStringConvertible {
    /// The address cannot be listened on; `errno` tells why.
    case cannotListen(host: String, port: Int, errno: Int32, text: String)

    /// What could not be done, where, and why.
    public var description: String {
        switch self {
        case .cannotListen(let host, let port, _, let text): "cannot listen on \(host):\(port): \(text)"
        }
    }
}
