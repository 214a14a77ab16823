import BrokerCore
import Synchronization

/// What the surfaces hold open, counted where it is opened and closed.
public final class SurfaceLoad: Sendable {
    /// What a stream is.
    enum StreamKind: String, CaseIterable {
        /// It reads.
        case watch
        /// It is a member of a group.
        case group
        /// It produces.
        case produce

        /// The stream that an action opens.
        init(_ action: Route.Action) {
            self =
                switch action {
                case .consume: .group
                case .produce: .produce
                default: .watch
                }
        }
    }

    private let connections = Atomic(0)
    private let watches = Atomic(0)
    private let memberStreams = Atomic(0)
    private let produceStreams = Atomic(0)

    /// A connection was accepted.
    public func connectionOpened() { connections.wrappingAdd(1, ordering: .relaxed) }
    /// A connection has ended.
    public func connectionClosed() { connections.wrappingSubtract(1, ordering: .relaxed) }

    /// A stream begins or ends.
    func countStream(_ kind: StreamKind, by change: Int) {
        switch kind {
        case .watch: watches.wrappingAdd(change, ordering: .relaxed)
        case .group: memberStreams.wrappingAdd(change, ordering: .relaxed)
        case .produce: produceStreams.wrappingAdd(change, ordering: .relaxed)
        }
    }

    /// The numbers as they are now.
    var metrics: [MetricFamily] {
        [
            .gauge("millrace_connections", "Connections that are open.", connections.load(ordering: .relaxed)),
            MetricFamily(
                "millrace_streams",
                .gauge,
                "Streams that are open: watches, members of groups, and bodies of lines.",
                StreamKind.allCases.map { kind in
                    MetricFamily.Sample(Double(count(kind)), labels: [(name: "kind", value: kind.rawValue)])
                }
            ),
        ]
    }

    private func count(_ kind: StreamKind) -> Int {
        switch kind {
        case .watch: watches.load(ordering: .relaxed)
        case .group: memberStreams.load(ordering: .relaxed)
        case .produce: produceStreams.load(ordering: .relaxed)
        }
    }
}
