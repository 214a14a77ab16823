import BrokerAPI
import NIOCore

/// Looks at a connection whose client may not take what is sent to it, from time to time.
///
/// A look is due some time after something was sent, and again as long as something waits for the client: one that takes what it
/// is sent and is sent nothing is left alone. On the connection's event loop alone.
struct PeerLooks {
    let channel: any Channel
    /// How long sent bytes may stay unacknowledged before the peer counts as gone, while it lets us send.
    private let unacknowledgedMax: Duration
    /// Between two looks.
    ///
    /// Each connection has an interval of its own: streams that were stuck at one moment are not looked at, and given up, at one
    /// moment.
    let interval: TimeAmount
    private var patience: PeerPatience
    private var isForgiven = false

    /// How long something may wait before the next look.
    ///
    /// Well below the time after which the kernel gives up a peer with a closed window.
    private static let intervalMax = TimeAmount.seconds(10)

    /// Looks that begin with the stream.
    ///
    /// - Parameter stallMax: how long the client may take nothing.
    init(_ channel: any Channel, _ stallMax: Duration, _ unacknowledgedMax: Duration) {
        self.channel = channel
        self.unacknowledgedMax = unacknowledgedMax
        patience = PeerPatience(limit: stallMax)
        let most = min(Self.intervalMax, TimeAmount(stallMax))
        interval = .nanoseconds(Int64.random(in: (most.nanoseconds / 2)...most.nanoseconds))
    }

    /// Whether something waited for the client at the last look.
    var isWaiting: Bool { patience.isWaiting }

    /// Takes a look; answers whether the client is slow.
    ///
    /// - Parameter isBusy: whether a piece waits that the socket has not taken.
    mutating func look(isBusy: Bool) -> Bool {
        let verdict = patience.look(PeerStanding.of(channel), isBusy: isBusy, now: .now())
        if verdict.isSlow { return true }
        if verdict.isWindowClosed != isForgiven {
            isForgiven = verdict.isWindowClosed
            TunedSocket.setUnacknowledgedMax(isForgiven ? .zero : unacknowledgedMax, on: channel)
        }
        return false
    }
}
