/// Pieces of charts, readable where the page is light and where it is dark.
package enum SVG {
    /// What follows the page's colours.
    package enum Ink: String {
        case ink
        case faint
    }

    /// Where a text stands to its place.
    package enum Anchor: String {
        case start
        case middle
        case end
    }

    /// A whole picture.
    package static func picture(width: Double, height: Double, _ pieces: [String]) -> String {
        let size = "width=\"\(fixed(width, 0))\" height=\"\(fixed(height, 0))\""
        let box = "viewBox=\"0 0 \(fixed(width, 0)) \(fixed(height, 0))\""
        let lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" \(size) \(box) font-family=\"sans-serif\" font-size=\"12\">",
            style,
            "<rect class=\"page\" width=\"100%\" height=\"100%\"/>",
        ]
        return (lines + pieces + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    private static let style = """
        <style>
        .page { fill: #ffffff } text { fill: #1f2328 } .ink { stroke: #1f2328 } .faint { stroke: #d0d7de }
        @media (prefers-color-scheme: dark) {
        .page { fill: #0d1117 } text { fill: #e6edf3 } .ink { stroke: #e6edf3 } .faint { stroke: #30363d }
        }
        </style>
        """

    package static func text(
        _ text: String,
        x: Double,
        y: Double,
        size: Int = 12,
        _ anchor: Anchor = .start
    ) -> String {
        let place = "x=\"\(fixed(x, 1))\" y=\"\(fixed(y, 1))\""
        return "<text \(place) font-size=\"\(size)\" text-anchor=\"\(anchor.rawValue)\">\(escaped(text))</text>"
    }

    package static func line(from: (x: Double, y: Double), to: (x: Double, y: Double), _ ink: Ink) -> String {
        let start = "x1=\"\(fixed(from.x, 1))\" y1=\"\(fixed(from.y, 1))\""
        return "<line class=\"\(ink.rawValue)\" \(start) x2=\"\(fixed(to.x, 1))\" y2=\"\(fixed(to.y, 1))\"/>"
    }

    package static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
