/// The segments of a route's path.
enum RoutePattern {
    /// A word that stands as it is, or a parameter.
    enum Segment: Hashable, Sendable {
        case literal(Substring)
        case parameter(Substring)
    }

    /// Splits a pattern such as `/v1/topics/{topic}`.
    static func segments(of pattern: String) -> [Segment] {
        pattern.split(separator: "/").map { part in
            part.hasPrefix("{") ? .parameter(part.dropFirst().dropLast()) : .literal(part)
        }
    }

    /// The raw text of each parameter when the path has this shape; nil when it has another.
    static func match(_ segments: [Segment], _ path: [Substring]) -> [(name: Substring, raw: Substring)]? {
        guard segments.count == path.count else { return nil }
        var found: [(name: Substring, raw: Substring)] = []
        for (segment, part) in zip(segments, path) {
            switch segment {
            case .literal(let word):
                if word != part { return nil }
            case .parameter(let name):
                found.append((name, part))
            }
        }
        return found
    }
}
