import BrokerAPI
import NIOCore

/// Takes a stream's pieces into a connection, as the connection takes them, until the stream ends or cannot go on.
///
/// One piece is on its way and the next one is made: that is the whole buffer of a slow reader, and the backpressure.
struct StreamPump: Sendable {
    /// Why it stopped.
    enum End: Sendable {
        /// The stream has said everything.
        case finished
        /// The client has taken nothing for too long; the piece that waits for it was not sent.
        case slow(waiting: ByteBuffer)
        /// The task was cancelled, or the connection has failed; a piece may have been made and not sent.
        case stopped(waiting: ByteBuffer?)
    }

    let slot: SendSlot
    let channel: any Channel
    /// How long sent bytes may stay unacknowledged before the peer counts as gone, while it lets us send.
    let unacknowledgedMax: Duration

    /// How often a connection is looked at while something waits for it, and at most while nothing does.
    ///
    /// Well below the time after which the kernel gives up a peer with a closed window.
    static let lookInterval = TimeAmount.seconds(10)

    /// An interval between looks of a stream's own: streams that were stuck at one moment are not looked at, and given up, at one
    /// moment.
    private static func interval(atMost most: TimeAmount) -> TimeAmount {
        .nanoseconds(Int64.random(in: (most.nanoseconds / 2)...most.nanoseconds))
    }

    /// Runs until an end.
    ///
    /// - Parameter transmit: puts a piece into the slot.
    func run(_ stream: inout any APIStream, transmit: (ByteBuffer) -> Void) async -> End {
        var patience = PeerPatience(limit: stream.stallMax)
        let interval = Self.interval(atMost: min(Self.lookInterval, TimeAmount(stream.stallMax)))
        var lookAt = NIODeadline.now() + interval
        var isForgiven = false
        while let piece = await stream.next() {
            var isWaiting = true
            while isWaiting {
                let outcome = await slot.taken(within: interval)
                if outcome == .gone { return .stopped(waiting: piece) }
                isWaiting = outcome == .late
                if isWaiting { stream.shed() }
                guard isWaiting || NIODeadline.now() >= lookAt else { continue }
                let standing = await PeerStanding.of(channel)
                let verdict = patience.look(standing, isBusy: isWaiting, now: .now())
                if verdict.isSlow, !stream.isHeard { return .slow(waiting: piece) }
                if verdict.isWindowClosed != isForgiven {
                    isForgiven = verdict.isWindowClosed
                    TunedSocket.setUnacknowledgedMax(isForgiven ? .zero : unacknowledgedMax, on: channel)
                }
                lookAt = .now() + interval
            }
            transmit(piece)
        }
        return Task.isCancelled ? .stopped(waiting: nil) : .finished
    }
}
