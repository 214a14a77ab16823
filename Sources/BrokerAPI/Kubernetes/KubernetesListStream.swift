import BrokerCore
import HTTPTypes
import NIOCore
import RecordFormat

/// A list that is read while it is sent: it may be larger than memory.
///
/// A list that ends before its last item ends without its closing bracket, so that no client takes it for a whole one.
struct KubernetesListStream: APIStream {
    let commands: any ClientCommands
    private let engine: any BrokerEngine
    private var listing: KubernetesListing
    private var text: KubernetesListText
    private var pieces = PieceSplitter()
    private var isFinished = false
    private(set) var failure: HTTPResponse.Status?

    /// A list of which the beginning is written.
    init(
        _ listing: KubernetesListing,
        _ text: KubernetesListText,
        beginning: ByteBuffer,
        engine: any BrokerEngine
    ) {
        self.listing = listing
        self.text = text
        self.engine = engine
        commands = StreamCommands(inbox: nil, engine: engine, membership: nil)
        pieces.put(beginning)
    }

    var stallMax: Duration { engine.limits.slowWatcherMax }

    mutating func next() async -> ByteBuffer? {
        while !isFinished {
            if let piece = pieces.next() { return piece }
            guard !listing.isAtEnd else {
                isFinished = true
                return text.end()
            }
            do {
                pieces.put(text.items(try await listing.read(engine, limit: Self.itemsPerPiece, bytesMax: Self.bytes)))
            } catch {
                failure = Problem(mapping: error).code.status
                isFinished = true
            }
            if Task.isCancelled { isFinished = true }
        }
        return nil
    }

    mutating func close() async { isFinished = true }

    mutating func leave(_ reason: StreamLeave) -> ByteBuffer? {
        isFinished = true
        return nil
    }

    mutating func shed() {}

    private static let itemsPerPiece = 1000
    private static let bytes = ByteCount.mebibytes(1)
}
