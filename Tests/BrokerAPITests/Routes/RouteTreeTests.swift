import Testing

@testable import BrokerAPI

/// The tree of routes against a walk over all of them.
@Suite struct RouteTreeTests {
    private static func fits(_ pattern: [RoutePattern.Segment], _ path: [Substring]) -> Bool {
        pattern.count == path.count
            && zip(pattern, path).allSatisfy { segment, word in
                if case .literal(let literal) = segment { literal == word } else { true }
            }
    }

    /// Paths of all routes, at their parameters words that stand in other routes or in none, and what is near them.
    private static func paths(of routes: [Route]) -> [[Substring]] {
        routes.flatMap { route in
            ["x", "", "v1", "namespaces"].flatMap { (word: Substring) -> [[Substring]] in
                let path = route.segments.map { segment -> Substring in
                    if case .literal(let literal) = segment { literal } else { word }
                }
                let shorter = Array(path.dropLast())
                return [path, path + [word], shorter, shorter + [word]]
            }
        }
    }

    @Test func itFindsWhatAWalkOverAllRoutesFinds() {
        let routes = API.routes.routes
        var tree = RouteTree()
        for (index, route) in routes.enumerated() { tree.add(index, at: route.segments[...]) }
        for path in Self.paths(of: routes) {
            var found: [Int] = []
            tree.find(path, &found)
            let wanted = routes.indices.filter { Self.fits(routes[$0].segments, path) }
            #expect(found.sorted() == wanted, "\(path)")
        }
    }
}
