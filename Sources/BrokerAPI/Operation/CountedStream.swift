import HTTPTypes
import NIOCore

/// A stream that is counted until it is closed.
struct CountedStream: APIStream {
    private var base: any APIStream
    private let load: SurfaceLoad
    private let isMember: Bool

    init(_ base: any APIStream, _ load: SurfaceLoad, isMember: Bool) {
        self.base = base
        self.load = load
        self.isMember = isMember
        load.countStream(isMember: isMember, by: 1)
    }

    var failure: HTTPResponse.Status? { base.failure }
    var commands: any ClientCommands { base.commands }

    mutating func next() async -> ByteBuffer? { await base.next() }

    mutating func close() async {
        load.countStream(isMember: isMember, by: -1)
        await base.close()
    }
}
