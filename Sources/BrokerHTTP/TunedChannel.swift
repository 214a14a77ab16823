import BrokerAPI
import HummingbirdCore
import Logging
import NIOCore

/// A connection whose socket is told to send at once, to notice a vanished peer, and to hold little for one that does not read.
///
/// Hummingbird has no setting for the options of accepted sockets, so this wraps a channel and sets them first.
struct TunedChannel<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base
    let unacknowledgedMax: Duration
    let unsentBytesMax: Int
    /// Where open connections are counted.
    let load: SurfaceLoad

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        do {
            try TunedSocket.tune(channel, unacknowledgedMax: unacknowledgedMax, unsentBytesMax: unsentBytesMax)
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
}
