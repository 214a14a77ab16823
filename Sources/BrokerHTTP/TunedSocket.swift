import NIOCore

/// The options of sockets that NIO has no names for.
enum TunedSocket {
    /// `TCP_USER_TIMEOUT` of Linux (tcp(7)), in milliseconds: unacknowledged data older than this ends the connection, and so
    /// does a window that stays closed for so long.
    private static var userTimeout: NIOBSDSocket.Option { NIOBSDSocket.Option(rawValue: 18) }
    /// `TCP_NOTSENT_LOWAT` of Linux (tcp(7)), in bytes: a socket that holds so many unsent ones takes no more.
    private static var notSentLowWater: NIOBSDSocket.Option { NIOBSDSocket.Option(rawValue: 25) }

    /// Tells an accepted socket to send at once, to notice a vanished peer, and to hold no more than it can send soon.
    static func tune(_ channel: any Channel, unacknowledgedMax: Duration, unsentBytesMax: Int) throws {
        guard let options = channel.syncOptions else { return }
        try options.setOption(.tcpOption(.tcp_nodelay), value: 1)
        try options.setOption(.socketOption(.so_keepalive), value: 1)
        #if os(Linux)
            try options.setOption(.tcpOption(userTimeout), value: milliseconds(unacknowledgedMax))
            try options.setOption(
                .tcpOption(notSentLowWater),
                value: ChannelOptions.Types.SocketOption.Value(unsentBytesMax)
            )
        #endif
    }

    /// Changes how long sent bytes may stay unacknowledged; zero leaves it to the kernel's retransmissions.
    static func setUnacknowledgedMax(_ time: Duration, on channel: any Channel) {
        #if os(Linux)
            // A connection that has failed has no options any more, and needs none.
            channel.eventLoop.execute {
                try? channel.syncOptions?.setOption(.tcpOption(userTimeout), value: milliseconds(time))
            }
        #endif
    }

    /// A close that follows throws away what was not sent, and resets the connection.
    static func forgetUnsent(on channel: any Channel) {
        _ = (channel as? any SocketOptionProvider)?.setSoLinger(NIOLinger(l_onoff: 1, l_linger: 0))
    }

    private static func milliseconds(_ time: Duration) -> ChannelOptions.Types.SocketOption.Value {
        ChannelOptions.Types.SocketOption.Value(time.components.seconds * 1000)
    }
}
