import AsyncHTTPClient
import NIOCore

/// What the transport's errors mean for a caller: was anything sent, and is it worth another try.
enum TransportErrors {
    /// An error before the head of an answer.
    static func whileSending(_ error: any Error, server: String) -> MillraceError {
        switch error {
        case let error as MillraceError: error
        case is CancellationError: .cancelled
        case let error as HTTPClientError: ofClient(error, server: server)
        case let error as IOError where error.errnoCode == connectionRefused:
            .unreachable(server: server, reason: "connection refused")
        case _ where isFailureToConnect(error): .unreachable(server: server, reason: connectReason("\(error)"))
        default: .disconnected(reason: "\(error)")
        }
    }

    /// An error after the head of an answer.
    static func whileReading(_ error: any Error) -> MillraceError {
        switch error {
        case let error as MillraceError: error
        case is CancellationError: .cancelled
        case let error as HTTPClientError where error == .cancelled: .cancelled
        case let error as HTTPClientError where error == .readTimeout:
            .disconnected(reason: "it was silent for too long")
        default: .disconnected(reason: "\(error)")
        }
    }

    private static func ofClient(_ error: HTTPClientError, server: String) -> MillraceError {
        switch error {
        case .cancelled: .cancelled
        case .connectTimeout: .unreachable(server: server, reason: "no connection in time")
        case .deadlineExceeded, .readTimeout, .getConnectionFromPoolTimeout: .timedOut
        case .invalidURL, .emptyHost, .emptyScheme: .invalidArgument("'\(server)' is not a server address")
        default: .disconnected(reason: "\(error)")
        }
    }

    /// `ECONNREFUSED` of Linux: only an attempt to connect ends so.
    private static let connectionRefused: CInt = 111

    /// `NIOConnectionError` is what a bootstrap throws when no address of the host accepted; it is told by its name,
    /// because its module (NIOPosix) is no dependency of a client that leaves the choice of sockets to its HTTP library.
    private static func isFailureToConnect(_ error: any Error) -> Bool {
        "\(type(of: error))" == "NIOConnectionError"
    }

    private static func connectReason(_ text: String) -> String {
        if text.contains("errno: \(connectionRefused)") { return "connection refused" }
        if text.contains("dnsAError: Optional") || text.contains("UnknownHost") {
            return "the host's name cannot be resolved"
        }
        return text
    }
}
