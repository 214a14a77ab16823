/// How requests get from a connection to the API; what is answered is the same.
public enum HTTPTransport: String, CaseIterable, Sendable {
    /// Those that are many go straight from the connection's pipeline to the API, all others as with `hummingbird`.
    case direct
    /// All go through Hummingbird, each connection with a task of its own.
    case hummingbird
}
