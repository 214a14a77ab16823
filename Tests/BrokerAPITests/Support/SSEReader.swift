/// Server-sent events as WHATWG HTML, 9.2.6 reads them: written from the standard, not from the encoder.
struct SSEReader {
    struct Event: Hashable {
        var type = ""
        var data = ""
        var lastEventID = ""
    }

    private(set) var events: [Event] = []
    private(set) var retry: Int?
    private(set) var comments = 0

    init(_ text: String) {
        var event = Event()
        var data: [Substring] = []
        var lastID = ""
        let unified = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        for line in unified.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty {
                if !data.isEmpty {
                    event.data = data.joined(separator: "\n")
                    event.lastEventID = lastID
                    events.append(event)
                }
                event = Event()
                data = []
                continue
            }
            if line.hasPrefix(":") {
                comments += 1
                continue
            }
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            var value = parts.count > 1 ? parts[1] : ""
            if value.hasPrefix(" ") { value = value.dropFirst() }
            switch parts[0] {
            case "event": event.type = String(value)
            case "data": data.append(value)
            case "id": lastID = String(value)
            case "retry": retry = Int(value)
            default: break
            }
        }
    }
}
