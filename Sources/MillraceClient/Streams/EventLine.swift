import FoundationEssentials
import NIOCore

/// One line of a stream, told apart by its `type` and decoded accordingly.
struct EventLine {
    let bytes: ByteBuffer

    /// The line's type; a line without one is not an event.
    func type() throws(MillraceError) -> String {
        struct Typed: Decodable { let type: String }
        // Nearly every line is a record, and its type stands first: no need to parse it twice.
        if startsAsRecord { return "record" }
        return try decode(Typed.self).type
    }

    func record() throws(MillraceError) -> ReceivedRecord {
        try decode(WireRecord.self).received(bytes)
    }

    /// What an `error` event carries.
    func problem() throws(MillraceError) -> Problem {
        struct Wrapped: Decodable { let problem: Problem }
        return try decode(Wrapped.self).problem
    }

    func decode<Value: Decodable>(_ type: Value.Type) throws(MillraceError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
        } catch {
            throw .unexpectedAnswer("\(String(buffer: bytes).prefix(200))")
        }
    }

    private var startsAsRecord: Bool {
        bytes.readableBytesView.starts(with: #"{"type":"record","#.utf8)
    }
}
