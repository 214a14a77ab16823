/// The refusal of a topic's, group's or namespace's name.
public struct NameError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name as it was given.
    public let name: String
    /// What is wrong with it, in plain words.
    public let reason: String

    /// A refusal of this name for this reason.
    public init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }

    /// The longest name, in characters: with suffixes it still fits a file name of 255 bytes.
    public static let charactersMax = 249

    /// What a name may be, for people.
    public static let rule =
        "a name is 1 to 249 characters of A-Z a-z 0-9 . _ - and neither \".\" nor \"..\"; "
        + "a leading \"__\" is the broker's own"

    /// The name (its beginning, when it is long), the reason, and the rule.
    public var description: String {
        let shown = name.unicodeScalars.prefix(40).map { $0.escaped(asASCII: true) }.joined()
        let ellipsis = name.unicodeScalars.count > 40 ? "..." : ""
        return "the name \"\(shown)\(ellipsis)\" \(reason): \(Self.rule)"
    }

    /// Checks a name that a user chose.
    static func check(_ name: String) throws(NameError) {
        try checkStored(name)
        if name.hasPrefix("__") { throw NameError(name: name, reason: "begins with \"__\"") }
    }

    /// Checks a name that the broker itself may have chosen: a leading `__` is allowed.
    static func checkStored(_ name: String) throws(NameError) {
        if name.isEmpty { throw NameError(name: name, reason: "is empty") }
        // The characters come before the length, so that the length is counted in characters and bytes alike.
        if let wrong = name.unicodeScalars.first(where: { !isAllowed($0) }) {
            throw NameError(name: name, reason: "contains \"\(wrong.escaped(asASCII: true))\"")
        }
        if name.utf8.count > charactersMax {
            throw NameError(name: name, reason: "has \(name.utf8.count) characters")
        }
        if name == "." || name == ".." { throw NameError(name: name, reason: "means a directory") }
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": true
        default: false
        }
    }
}
