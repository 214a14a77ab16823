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
}
