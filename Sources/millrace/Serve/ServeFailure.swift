import BrokerCore
import BrokerHTTP
import Glibc

/// Why a broker did not start or had to stop: one line, and an exit status by sysexits(3).
struct ServeFailure {
    /// The line.
    let text: String
    /// The status.
    let status: Int32

    /// The status when the storage fails while the broker runs: EX_IOERR.
    static let storageStatus: Int32 = 74

    /// What an error of the start means; nil for one that nobody foresaw.
    init?(_ error: any Error) {
        switch error {
        case let error as ServeSettings.Invalid: self.init(error.description, 64)
        case let error as BrokerStartError: self.init(error.description, Self.status(error.kind))
        case let error as HTTPSurfaceError: self.init(Self.text(error), 69)
        default: return nil
        }
    }

    private init(_ text: String, _ status: Int32) {
        self.text = text
        self.status = status
    }

    private static func status(_ kind: BrokerStartError.Kind) -> Int32 {
        switch kind {
        case .configuration: 64
        case .newerFormat, .olderFormat, .corrupt: 65
        case .notUsable: 73
        case .storage: storageStatus
        case .locked: 75
        }
    }

    private static func text(_ error: HTTPSurfaceError) -> String {
        switch error {
        case .cannotListen(let host, let port, let code, _) where code == EADDRINUSE:
            "port \(port) of \(host) is in use: choose another with --port, or 0 for a free one"
        case .cannotListen(let host, let port, let code, _):
            "cannot listen on \(host):\(port): \(String(cString: strerror(code)))"
        }
    }
}
