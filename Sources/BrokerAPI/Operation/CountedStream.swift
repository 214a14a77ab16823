import HTTPTypes
import NIOCore

/// A stream that is counted until it is closed.
struct CountedStream: APIStream {
    private var base: any APIStream
    private let load: SurfaceLoad
    private let kind: SurfaceLoad.StreamKind

    init(_ base: any APIStream, _ load: SurfaceLoad, kind: SurfaceLoad.StreamKind) {
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
