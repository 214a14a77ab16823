import BrokerCore
import Synchronization

/// What the surfaces hold open, counted where it is opened and closed.
public final class SurfaceLoad: Sendable {
    private let connections = Atomic(0)
    private let watches = Atomic(0)
    private let memberStreams = Atomic(0)

    /// A connection was accepted.
    public func connectionOpened() { connections.wrappingAdd(1, ordering: .relaxed) }
    /// A connection has ended.
    public func connectionClosed() { connections.wrappingSubtract(1, ordering: .relaxed) }

    /// A stream begins or ends: a member's, or a watch.
    func countStream(isMember: Bool, by change: Int) {
        if isMember {
            memberStreams.wrappingAdd(change, ordering: .relaxed)
        } else {
            watches.wrappingAdd(change, ordering: .relaxed)
        }
    }

    /// The numbers as they are now.
    var metrics: [MetricFamily] {
        [
            .gauge("millrace_connections", "Connections that are open.", connections.load(ordering: .relaxed)),
            MetricFamily(
                "millrace_streams",
                .gauge,
                "Streams that are open: watches, and members of groups.",
                [
                    Self.streams(watches.load(ordering: .relaxed), kind: "watch"),
                    Self.streams(memberStreams.load(ordering: .relaxed), kind: "group"),
                ]
            ),
        ]
    }

    private static func streams(_ count: Int, kind: String) -> MetricFamily.Sample {
        MetricFamily.Sample(Double(count), labels: [(name: "kind", value: kind)])
    }
}
