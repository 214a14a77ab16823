import BrokerAPI
import HummingbirdCore
import Logging
import NIOCore

/// A connection whose socket is told to send at once and to notice a vanished peer.
///
/// Hummingbird has no setting for the options of accepted sockets, so this wraps a channel and sets them first.
struct TunedChannel<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base
    let unacknowledgedMax: Duration
    /// Where open connections are counted.
    let load: SurfaceLoad

    /// `TCP_USER_TIMEOUT` of Linux (tcp(7)), in milliseconds: unacknowledged data older than this ends the connection.
    private static var tcpUserTimeout: NIOBSDSocket.Option { NIOBSDSocket.Option(rawValue: 18) }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        do {
            try tune(channel)
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return base.setup(channel: channel, logger: logger)
    }

    func handle(value: Base.Value, logger: Logger) async {
        load.connectionOpened()
        await base.handle(value: value, logger: logger)
        load.connectionClosed()
    }

    private func tune(_ channel: any Channel) throws {
        guard let options = channel.syncOptions else { return }
        try options.setOption(.tcpOption(.tcp_nodelay), value: 1)
        try options.setOption(.socketOption(.so_keepalive), value: 1)
        #if os(Linux)
            let milliseconds = unacknowledgedMax.components.seconds * 1000
            try options.setOption(
                .tcpOption(Self.tcpUserTimeout),
                value: ChannelOptions.Types.SocketOption.Value(milliseconds)
            )
        #endif
    }
}
