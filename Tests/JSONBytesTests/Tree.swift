import JSONBytes
import NIOCore

/// A JSON value as a tree: for tests alone, the module under test has none.
indirect enum Tree: Equatable {
    case object([Field])
    case array([Tree])
    case string(String)
    /// A number or a word, as it is spelled.
    case scalar(String)

    struct Field: Equatable {
        let name: String
        let value: Tree
    }

    /// Reads a validated document with the cursor.
    static func read(_ bytes: UnsafeRawBufferPointer) throws -> Tree {
        let shape = try JSONValidator.validate(bytes, depthMax: 1024)
        var cursor = JSONCursor(bytes, value: shape.value)
        return try read(bytes, &cursor)
    }

    private static func read(_ bytes: UnsafeRawBufferPointer, _ cursor: inout JSONCursor) throws -> Tree {
        if cursor.enterObject() {
            var fields: [Field] = []
            while let name = cursor.nextName() {
                let text = try JSONString.text(bytes.slice(name))
                fields.append(Field(name: text, value: try read(bytes, &cursor)))
            }
            return .object(fields)
        }
        if cursor.enterArray() {
            var elements: [Tree] = []
            while cursor.nextElement() { elements.append(try read(bytes, &cursor)) }
            return .array(elements)
        }
        let isString = cursor.kind == .string
        let place = cursor.takeValue()
        guard isString else { return .scalar(bytes.text(place)) }
        return .string(try JSONString.text(bytes.slice(place.lowerBound + 1..<place.upperBound - 1)))
    }
}

/// Makes random documents together with the tree they stand for: random whitespace, escapes and characters.
struct DocumentGenerator {
    var random: SeededGenerator
    private var text = ""

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func next() -> (text: String, tree: Tree) {
        text = ""
        space()
        let tree = value(depth: 0)
        space()
        return (text, tree)
    }

    private mutating func value(depth: Int) -> Tree {
        switch Int.random(in: 0..<(depth < 5 ? 8 : 4), using: &random) {
        case 0, 1: return .string(string())
        case 2: return scalar(number())
        case 3: return scalar(["true", "false", "null"].randomElement(using: &random) ?? "null")
        case 4, 5: return array(depth: depth)
        default: return object(depth: depth)
        }
    }

    private mutating func scalar(_ spelling: String) -> Tree {
        text += spelling
        return .scalar(spelling)
    }

    private mutating func object(depth: Int) -> Tree {
        var fields: [Tree.Field] = []
        text += "{"
        for index in 0..<Int.random(in: 0...6, using: &random) {
            text += index == 0 ? "" : ","
            space()
            let name = string()
            space()
            text += ":"
            space()
            fields.append(Tree.Field(name: name, value: value(depth: depth + 1)))
            space()
        }
        if fields.isEmpty { space() }
        text += "}"
        return .object(fields)
    }

    private mutating func array(depth: Int) -> Tree {
        var elements: [Tree] = []
        text += "["
        for index in 0..<Int.random(in: 0...6, using: &random) {
            text += index == 0 ? "" : ","
            space()
            elements.append(value(depth: depth + 1))
            space()
        }
        if elements.isEmpty { space() }
        text += "]"
        return .array(elements)
    }

    private mutating func space() {
        guard Int.random(in: 0..<4, using: &random) == 0 else { return }
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            text.unicodeScalars.append([" ", " ", " ", "\t", "\n", "\r"].randomElement(using: &random) ?? " ")
        }
    }

    private mutating func number() -> String {
        let sign = Bool.random(using: &random) ? "-" : ""
        let whole = String(
            UInt64.random(in: 0...UInt64.max, using: &random) >> UInt64.random(in: 0...63, using: &random)
        )
        let fraction = Bool.random(using: &random) ? ".0" + String(UInt16.random(in: 0...9999, using: &random)) : ""
        let exponents = ["", "", "e1", "E-2", "e+03"]
        return sign + whole + fraction + (exponents.randomElement(using: &random) ?? "")
    }

    /// Writes a string with its quotes and answers what it stands for.
    private mutating func string() -> String {
        var meaning = ""
        text += "\""
        for _ in 0..<Int.random(in: 0...20, using: &random) {
            let scalar = scalar()
            meaning.unicodeScalars.append(scalar)
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            if mustEscape || Int.random(in: 0..<8, using: &random) == 0 {
                text += Self.escaped(scalar, uppercase: Bool.random(using: &random))
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
        return meaning
    }

    private mutating func scalar() -> Unicode.Scalar {
        let ranges: [ClosedRange<UInt32>] = [
            0x20...0x7E, 0x20...0x7E, 0x20...0x7E, 0x00...0x1F, 0x80...0x7FF, 0x800...0xD7FF, 0xE000...0xFFFF,
            0x10000...0x10FFFF, 0x2028...0x2029, 0x22...0x22, 0x5C...0x5C,
        ]
        let range = ranges.randomElement(using: &random) ?? 0x20...0x7E
        return Unicode.Scalar(UInt32.random(in: range, using: &random)) ?? "?"
    }

    static func escaped(_ scalar: Unicode.Scalar, uppercase: Bool) -> String {
        let short: [Unicode.Scalar: String] = [
            "\"": "\\\"", "\\": "\\\\", "/": "\\/", "\u{8}": "\\b", "\u{C}": "\\f", "\n": "\\n", "\r": "\\r",
            "\t": "\\t",
        ]
        if uppercase, let form = short[scalar] { return form }
        return String(scalar).utf16.map { unit in
            let digits = String(unit, radix: 16, uppercase: uppercase)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }
}
