/// The routes by their paths: at each place of a path the words that may stand there, or a parameter.
///
/// A path is looked up word by word, so that a request is not compared with every route.
struct RouteTree: Sendable {
    private var words: [(word: Substring, below: RouteTree)] = []
    /// At most one: what lies below any word.
    private var parameter: [RouteTree] = []
    /// The routes whose paths end here, by their index in the table.
    private var routes: [Int] = []

    /// Adds a route.
    mutating func add(_ route: Int, at segments: ArraySlice<RoutePattern.Segment>) {
        switch segments.first {
        case nil: routes.append(route)
        case .literal(let word):
            let known = words.firstIndex { $0.word == word }
            if known == nil { words.append((word, RouteTree())) }
            words[known ?? words.count - 1].below.add(route, at: segments.dropFirst())
        case .parameter:
            if parameter.isEmpty { parameter.append(RouteTree()) }
            parameter[0].add(route, at: segments.dropFirst())
        }
    }

    /// Adds the routes that a path has to `found`; the words of the path from `place` on count.
    func find(_ path: [Substring], from place: Int = 0, _ found: inout [Int]) {
        guard place < path.count else {
            found += routes
            return
        }
        for index in words.indices where words[index].word == path[place] {
            words[index].below.find(path, from: place + 1, &found)
        }
        if !parameter.isEmpty { parameter[0].find(path, from: place + 1, &found) }
    }
}
