import NIOCore

/// Decides when a client that does not take what is sent to it is slow: a time and looks at its connection in, a verdict out.
///
/// Whoever takes anything at all is not: what counts is that nothing was acknowledged while something waited.
struct PeerPatience: Sendable {
    /// What to do after a look.
    struct Verdict: Hashable {
        /// The client has taken nothing for too long.
        var isSlow: Bool
        /// The client lives and takes nothing: that it does not acknowledge is its right until it is slow.
        var isWindowClosed: Bool
    }

    /// How long nothing may be taken.
    let limit: Duration
    private var waitsSince: NIODeadline?
    private var acknowledged: UInt64 = 0

    /// Patience that has not been tried.
    init(limit: Duration) {
        self.limit = limit
    }

    /// Whether something waited for the client at the last look.
    var isWaiting: Bool { waitsSince != nil }

    /// Takes a look.
    ///
    /// - Parameters:
    ///   - standing: what the kernel tells; nil where it tells nothing.
    ///   - isBusy: whether a piece waits that the socket has not taken.
    mutating func look(_ standing: PeerStanding?, isBusy: Bool, now: NIODeadline) -> Verdict {
        let waits = isBusy || (standing?.unsent ?? 0) > 0
        let hasMoved = standing.map { $0.acknowledged != acknowledged } ?? false
        acknowledged = standing?.acknowledged ?? acknowledged
        if !waits {
            waitsSince = nil
        } else if hasMoved || waitsSince == nil {
            waitsSince = now
        }
        return Verdict(
            isSlow: waitsSince.map { now - $0 >= TimeAmount(limit) } ?? false,
            isWindowClosed: standing?.isWindowClosed ?? false
        )
    }
}

/// How far a connection's peer has come, of the kernel's TCP_INFO (linux/tcp.h, `struct tcp_info`).
struct PeerStanding: Hashable, Sendable {
    /// Segments under way that were not acknowledged.
    var unacknowledged: UInt32
    /// Bytes that were not sent, because the peer's window is closed or the network is full.
    var unsent: UInt32
    /// Bytes that were acknowledged since the connection began.
    var acknowledged: UInt64

    /// Whether the peer has acknowledged everything it let us send, and lets us send no more: it lives and does not read.
    var isWindowClosed: Bool { unacknowledged == 0 && unsent > 0 }
}

extension PeerStanding {
    // swift-format-ignore
    /// The first 152 bytes of `struct tcp_info`: the last of them came with Linux 4.6, and a kernel writes what it has.
    typealias Info = (
        UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64,
        UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64
    )

    /// Reads `tcpi_unacked`, `tcpi_notsent_bytes` and `tcpi_bytes_acked`.
    init(_ info: Info) {
        self = withUnsafeBytes(of: info) { bytes in
            PeerStanding(
                unacknowledged: bytes.load(fromByteOffset: 24, as: UInt32.self),
                unsent: bytes.load(fromByteOffset: 144, as: UInt32.self),
                acknowledged: bytes.load(fromByteOffset: 120, as: UInt64.self)
            )
        }
    }

    /// Asks the kernel, on the connection's event loop; nil where it does not tell.
    static func of(_ channel: any Channel) -> PeerStanding? {
        #if os(Linux)
            guard let provider = channel as? any SocketOptionProvider else { return nil }
            let info: EventLoopFuture<Info> = provider.unsafeGetSocketOption(level: .tcp, name: .tcp_info)
            // On the loop it is there at once. A connection that has failed tells nothing, and whoever writes to it sees why.
            var standing: PeerStanding?
            info.assumeIsolated().whenSuccess { standing = PeerStanding($0) }
            return standing
        #else
            return nil
        #endif
    }
}
