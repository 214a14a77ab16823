/// Which record of a request something is about, for messages.
enum RecordPlace: Sendable {
    /// The record at this index of `records`.
    case record(Int)
    /// The record on this line of the body, from 1.
    case line(Int)
    /// The record on this line, from 1, of a body that is read as it comes; what is read of it begins at a byte of it.
    case streamedLine(Int, bodyOffset: Int)
    /// The body as a whole.
    case body

    /// A refusal of the record.
    ///
    /// - Parameter byteOffset: the byte of the request's body, if it is known.
    func problem(_ code: ProblemCode, _ reason: String, byteOffset: Int? = nil) -> Problem {
        var members: [Problem.Member] = []
        var place: [String] = []
        switch self {
        case .record(let index):
            place.append("record \(index)")
            members.append(Problem.Member("record", .integer(Int64(index))))
        case .line(let number), .streamedLine(let number, _):
            place.append("line \(number)")
            members.append(Problem.Member("line", .integer(Int64(number))))
        case .body:
            if byteOffset == nil { place.append("the body") }
        }
        if let byteOffset = byteOffset.map({ $0 + bodyOffset }) {
            place.append("byte \(byteOffset) of the body")
            members.append(Problem.Member("byteOffset", .integer(Int64(byteOffset))))
        }
        let shown = place.joined(separator: ", ")
        return Problem(code, "\(shown): \(reason); \(remainder)", members: members)
    }

    /// Where in the body the bytes begin that offsets are counted from.
    private var bodyOffset: Int {
        if case .streamedLine(_, let bodyOffset) = self { bodyOffset } else { 0 }
    }

    /// What became of the rest.
    private var remainder: String {
        if case .streamedLine = self { "the lines before it are stored, and none after" } else { "nothing was stored" }
    }

    /// A refusal of the record as not valid.
    func invalid(_ reason: String, byteOffset: Int? = nil) -> Problem {
        problem(.invalidRequest, reason, byteOffset: byteOffset)
    }
}
