/// The straight line that lies nearest to some points (least squares), and how sure its slope is.
package struct Trend: Sendable {
    package let slope: Double
    package let intercept: Double
    /// The standard error of the slope; not a number with fewer than three points.
    package let slopeError: Double
    /// How far the point lies from the line that lies farthest from it.
    package let deviationMax: Double

    /// The line through points; not a number where all have the same place.
    package init(_ points: [(x: Double, y: Double)]) {
        let count = Double(points.count)
        let middle = (x: points.reduce(0) { $0 + $1.x } / count, y: points.reduce(0) { $0 + $1.y } / count)
        let width = points.reduce(0) { $0 + ($1.x - middle.x) * ($1.x - middle.x) }
        let slope = points.reduce(0) { $0 + ($1.x - middle.x) * ($1.y - middle.y) } / width
        let intercept = middle.y - slope * middle.x
        let rests = points.map { $0.y - intercept - slope * $0.x }
        let squares = rests.reduce(0) { $0 + $1 * $1 }
        slopeError = points.count > 2 ? (squares / (count - 2) / width).squareRoot() : .nan
        deviationMax = rests.map(\.magnitude).max() ?? .nan
        self.slope = slope
        self.intercept = intercept
    }
}
