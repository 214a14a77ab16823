import BrokerCore
import JSONBytes
import NIOCore
import RecordFormat

/// A frame of a client.
///
///     {"op":"commit","id":1,"offsets":[{"topic":"orders","partition":3,"offset":951,"epoch":17}]}
///     {"op":"progress","id":2,"partitions":[{"topic":"orders","partition":3}]}
///     {"op":"release","partitions":[{"topic":"orders","partition":3}]}
///     {"op":"pause"}   {"op":"resume"}   {"op":"credit","records":500,"bytes":1048576}
struct SocketFrame: Sendable {
    /// What a client wants.
    enum Operation: Sendable {
        /// Change what the stream may send.
        case credit(Credit.Change)
        /// Commit offsets, renew leases, give partitions back.
        case commit(CommitDocument.Content)
    }

    /// The name of the operation.
    let name: String
    /// The client's own number for it, given back with the answer.
    let id: Int64?
    /// The operation.
    let operation: Operation

    private static let names: [StaticString] = ["op", "id", "offsets", "partitions", "records", "bytes"]
    private static let operations = ["commit", "progress", "release", "pause", "resume", "credit"]

    /// Reads and checks a frame.
    init(_ frame: ByteBuffer, in namespace: Namespace, itemsMax: Int) throws(Problem) {
        self = try JSONDocument.read(frame, what: "the frame") { (bytes, value) throws(Problem) in
            let fields = try JSONFields(bytes, value, known: Self.names, what: "the frame")
            guard let name = try fields.string(0) else { throw fields.missing(0) }
            let operation: Operation
            switch name {
            case "pause": operation = .credit(Credit.Change(isPaused: true))
            case "resume": operation = .credit(Credit.Change(isPaused: false))
            case "credit": operation = .credit(try Self.grant(fields))
            case "commit", "progress", "release":
                operation = .commit(try Self.commit(name, fields, bytes, in: namespace, itemsMax: itemsMax))
            default: throw Problem.unknownName(name, what: "op", known: Self.operations)
            }
            try Self.refuseOthers(fields, of: name)
            return SocketFrame(name: name, id: try fields.integer(1), operation: operation)
        }
    }

    private init(name: String, id: Int64?, operation: Operation) {
        self.name = name
        self.id = id
        self.operation = operation
    }

    private static func grant(_ fields: JSONFields) throws(Problem) -> Credit.Change {
        let (records, bytes) = (try fields.integer(4), try fields.integer(5))
        guard records != nil || bytes != nil else {
            throw Problem.invalidRequest("a credit names records, bytes or both")
        }
        guard (records ?? 1) > 0, (bytes ?? 1) > 0 else {
            throw Problem.invalidRequest("a credit adds from 1 on; pause stops the stream")
        }
        return Credit.Change(records: records, bytes: bytes)
    }

    private static func commit(
        _ name: String,
        _ fields: JSONFields,
        _ bytes: UnsafeRawBufferPointer,
        in namespace: Namespace,
        itemsMax: Int
    ) throws(Problem) -> CommitDocument.Content {
        let index = name == "commit" ? 2 : 3
        let ranges = try fields.elements(index)
        return try CommitDocument.Content(
            bytes,
            offsets: name == "commit" ? ranges : [],
            progress: name == "progress" ? ranges : [],
            release: name == "release" ? ranges : [],
            in: namespace,
            itemsMax: itemsMax
        )
    }

    /// A field that the operation does not know is a mistake that would otherwise go unseen.
    private static func refuseOthers(_ fields: JSONFields, of name: String) throws(Problem) {
        let known: Set<Int> =
            switch name {
            case "commit": [0, 1, 2]
            case "progress", "release": [0, 1, 3]
            case "credit": [0, 1, 4, 5]
            default: [0, 1]
            }
        for index in names.indices where fields.isGiven(index) && !known.contains(index) {
            throw Problem.unknownName(
                "\(names[index])",
                what: "field of \(name),",
                known: known.sorted().map { "\(names[$0])" }
            )
        }
    }
}
