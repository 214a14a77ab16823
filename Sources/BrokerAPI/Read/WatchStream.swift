import BrokerCore
import NIOCore

/// Drives a ``WatchMachine`` against an engine.
struct WatchStream: APIStream {
    private let engine: any BrokerEngine
    private var machine: WatchMachine
    private var event: WatchMachine.Event = .begin
    private var pieces = PieceSplitter()
    private var isFinished = false

    /// A stream that has sent nothing.
    init(_ machine: WatchMachine, engine: any BrokerEngine) {
        self.machine = machine
        self.engine = engine
    }

    mutating func next() async -> ByteBuffer? {
        if let piece = pieces.next() { return piece }
        while !isFinished {
            switch machine.step(event, now: engine.clock.now, isDraining: engine.phase != .ready) {
            case .read(let cursor, let budget): event = await read(cursor, budget)
            case .wait(let cursor, let deadline): event = .woke(await engine.wait(past: cursor, deadline: deadline))
            case .write(let bytes):
                event = .written
                pieces.put(bytes)
                if let piece = pieces.next() { return piece }
            // Only pages are refused, and those are collected; there is nothing to send here.
            case .refuse, .finish: isFinished = true
            }
        }
        return nil
    }

    mutating func close() async {
        // A reader has no state on the server.
        isFinished = true
    }

    /// Runs a machine to its end and answers everything it wrote, or the first problem: for pages.
    static func collect(_ machine: WatchMachine, engine: any BrokerEngine) async throws -> ByteBuffer {
        var machine = machine
        var event = WatchMachine.Event.begin
        var body = ByteBuffer()
        while true {
            switch machine.step(event, now: engine.clock.now, isDraining: engine.phase != .ready) {
            case .read(let cursor, let budget): event = .read(try await engine.read(cursor, budget: budget))
            case .wait(let cursor, let deadline): event = .woke(await engine.wait(past: cursor, deadline: deadline))
            case .write(var bytes):
                event = .written
                // A page in JSON is one write, which then is not copied.
                if body.readableBytes == 0 { body = bytes } else { body.writeBuffer(&bytes) }
            case .refuse(let problem): throw problem
            case .finish: return body
            }
        }
    }

    private func read(_ cursor: Cursor, _ budget: ReadBudget) async -> WatchMachine.Event {
        do {
            return .read(try await engine.read(cursor, budget: budget))
        } catch {
            return .failed(Problem(error))
        }
    }
}

/// Cuts what a machine wrote into pieces that a transport likes.
struct PieceSplitter: Sendable {
    /// The largest piece.
    static let pieceBytesMax = 64 * 1024
    private var rest = ByteBuffer()

    /// Takes bytes to cut.
    mutating func put(_ bytes: ByteBuffer) {
        rest = bytes
    }

    /// The next piece, if there is one.
    mutating func next() -> ByteBuffer? {
        guard rest.readableBytes > 0 else { return nil }
        return rest.readSlice(length: min(rest.readableBytes, Self.pieceBytesMax))
    }
}
