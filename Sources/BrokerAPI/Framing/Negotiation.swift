import HTTPTypes

/// What a reader wants: which framing, and whether the answer ends with what is there or goes on.
struct Negotiation: Hashable, Sendable {
    /// The framing.
    let framing: Framing
    /// Whether to keep streaming.
    let isWatch: Bool

    /// Decides for a read route, by `framing=`, Accept and `watch=`.
    static func read(_ context: RequestContext) throws(Problem) -> Negotiation {
        let watch = try context.query.bool("watch")
        if context.isSocket {
            try refuseFraming(context.query)
            return Negotiation(framing: .ndjson, isWatch: watch ?? true)
        }
        if let framing = try framing(context.query, among: Framing.allCases) {
            guard let choice = choice(framing, watch) else { throw contradiction(framing, watch) }
            return choice
        }
        for type in AcceptHeader.types(context.request.headers[values: .accept]) {
            if let choice = choice(type, watch) { return choice }
        }
        throw Problem(
            .framingNotSupported,
            watch == true
                ? "a watch comes as application/x-ndjson or text/event-stream; a page as application/json"
                : "records come as application/json, application/x-ndjson or, watched, text/event-stream"
        )
    }

    /// Decides for a collection: a list is JSON, and a watch comes in any framing; `json` is then one object a line.
    static func collection(_ context: RequestContext) throws(Problem) -> Negotiation {
        let watch = try context.query.bool("watch")
        if context.isSocket {
            try refuseFraming(context.query)
            return Negotiation(framing: .ndjson, isWatch: watch ?? true)
        }
        if let framing = try framing(context.query, among: Framing.allCases) {
            if let choice = collectionChoice(framing, watch) { return choice }
            throw contradiction(ofList: framing, watch)
        }
        for type in AcceptHeader.types(context.request.headers[values: .accept]) {
            let framing: Framing? =
                switch type {
                case "application/json": .json
                case "text/event-stream", "text/*": .sse
                case "*/*", "application/*": watch == true ? .ndjson : .json
                case let type where isNDJSON(type): .ndjson
                default: nil
                }
            if let choice = framing.flatMap({ collectionChoice($0, watch) }) { return choice }
        }
        throw Problem(
            .framingNotSupported,
            "a list comes as application/json; a watch as application/x-ndjson, application/json or text/event-stream"
        )
    }

    private static func collectionChoice(_ framing: Framing, _ watch: Bool?) -> Negotiation? {
        switch framing {
        case .json: Negotiation(framing: .json, isWatch: watch ?? false)
        case .ndjson: watch == true ? Negotiation(framing: .ndjson, isWatch: true) : nil
        case .sse: watch == false ? nil : Negotiation(framing: .sse, isWatch: true)
        }
    }

    private static func contradiction(ofList framing: Framing, _ watch: Bool?) -> Problem {
        Problem(
            .framingNotSupported,
            "framing=\(framing.rawValue) is for a watch of a collection: "
                + (watch == nil ? "add watch=true" : "a list is json")
        )
    }

    /// Decides for a group's stream: always a watch, NDJSON unless asked otherwise.
    static func groupStream(_ context: RequestContext) throws(Problem) -> Framing {
        if context.isSocket {
            try refuseFraming(context.query)
            return .ndjson
        }
        if let framing = try framing(context.query, among: [.ndjson, .sse]) { return framing }
        for type in AcceptHeader.types(context.request.headers[values: .accept]) {
            switch type {
            case "text/event-stream", "text/*": return .sse
            case "*/*", "application/*": return .ndjson
            case let type where isNDJSON(type): return .ndjson
            default: continue
            }
        }
        throw Problem(
            .framingNotSupported,
            "a group's stream comes as application/x-ndjson or text/event-stream"
        )
    }

    /// Decides for the receipts of a streamed body, which are NDJSON.
    static func receipts(_ context: RequestContext) throws(Problem) {
        let types = AcceptHeader.types(context.request.headers[values: .accept])
        guard types.contains(where: { $0 == "*/*" || $0 == "application/*" || isNDJSON($0) }) else {
            throw Problem(.framingNotSupported, "the receipts of a stream come as application/x-ndjson")
        }
    }

    /// A WebSocket carries the objects of NDJSON, one a frame, and nothing else.
    private static func refuseFraming(_ query: QueryParameters) throws(Problem) {
        guard query["framing"] == nil else {
            throw Problem(.framingNotSupported, "a WebSocket is a framing of its own: leave framing= out")
        }
    }

    private static func framing(_ query: QueryParameters, among known: [Framing]) throws(Problem) -> Framing? {
        guard let text = query["framing"] else { return nil }
        guard let framing = Framing(rawValue: text), known.contains(framing) else {
            throw Problem(
                .framingNotSupported,
                "framing is \(known.map(\.rawValue).joined(separator: ", ")), not \"\(Problem.shown(text))\""
            )
        }
        return framing
    }

    private static func choice(_ framing: Framing, _ watch: Bool?) -> Negotiation? {
        switch framing {
        case .json: watch == true ? nil : Negotiation(framing: .json, isWatch: false)
        case .ndjson: Negotiation(framing: .ndjson, isWatch: watch ?? false)
        case .sse: watch == false ? nil : Negotiation(framing: .sse, isWatch: true)
        }
    }

    private static func choice(_ type: String, _ watch: Bool?) -> Negotiation? {
        switch type {
        case "application/json": choice(.json, watch)
        case "text/event-stream", "text/*": choice(.sse, watch)
        case "*/*", "application/*": choice(watch == true ? .ndjson : .json, watch)
        case let type where isNDJSON(type): choice(.ndjson, watch)
        default: nil
        }
    }

    private static func isNDJSON(_ type: String) -> Bool {
        ["application/x-ndjson", "application/ndjson", "application/jsonl"].contains(type)
    }

    private static func contradiction(_ framing: Framing, _ watch: Bool?) -> Problem {
        Problem(
            .framingNotSupported,
            framing == .json
                ? "framing=json is a page and cannot be watched; use ndjson or sse"
                : "framing=sse is a watch; watch=false goes with json and ndjson"
        )
    }
}

/// The media types that a client accepts (RFC 9110, 12.5.1).
enum AcceptHeader {
    /// The types in lower case, most wanted first; everything when there is no such field.
    static func types(_ fields: [String]) -> [String] {
        let entries = fields.flatMap { $0.split(separator: ",") }.map(parse)
        guard !entries.isEmpty else { return ["*/*"] }
        let wanted = entries.enumerated().filter { $0.element.quality > 0 }
        let sorted = wanted.sorted { ($1.element.quality, $0.offset) < ($0.element.quality, $1.offset) }
        return sorted.map(\.element.type)
    }

    private static func parse(_ entry: Substring) -> (type: String, quality: Double) {
        let parts = entry.split(separator: ";", omittingEmptySubsequences: false).map {
            $0.filter { $0 != " " && $0 != "\t" }.lowercased()
        }
        let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) }
        return (parts.first ?? "", quality ?? 1)
    }
}
