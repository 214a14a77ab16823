import HTTPTypes
import NIOCore

/// A stream that is counted until it is closed.
struct CountedStream<Base: APIStream>: APIStream {
    private var base: Base
    private let load: SurfaceLoad
    private let kind: SurfaceLoad.StreamKind

    /// A stream that counts from now on.
    init(_ base: Base, _ load: SurfaceLoad, kind: SurfaceLoad.StreamKind) {
        self.base = base
        self.load = load
        self.kind = kind
        load.countStream(kind, by: 1)
    }

    var failure: HTTPResponse.Status? { base.failure }
    var commands: any ClientCommands { base.commands }

    var stallMax: Duration { base.stallMax }
    var isHeard: Bool { base.isHeard }

    mutating func leave(_ reason: StreamLeave) -> ByteBuffer? { base.leave(reason) }

    mutating func shed() { base.shed() }

    mutating func next() async -> ByteBuffer? { await base.next() }

    mutating func close() async {
        load.countStream(kind, by: -1)
        await base.close()
    }
}

extension CountedStream: SteppedStream where Base: SteppedStream {
    mutating func step(in round: StreamRound) -> StreamStep { base.step(in: round) }

    mutating func work() async { await base.work() }

    mutating func woke(_ end: StreamWait.End) { base.woke(end) }
}

extension APIStream {
    /// The same stream, counted.
    func counted(in load: SurfaceLoad, as kind: SurfaceLoad.StreamKind) -> any APIStream {
        guard let stepped = self as? any SteppedStream else { return CountedStream(self, load, kind: kind) }
        return stepped.countedSteps(in: load, as: kind)
    }
}

extension SteppedStream {
    fileprivate func countedSteps(in load: SurfaceLoad, as kind: SurfaceLoad.StreamKind) -> any SteppedStream {
        CountedStream(self, load, kind: kind)
    }
}
