extension JSONTree {
    /// The first number that does not fit a double, and where it stands, such as `.bid[2]`; nil where all of them do.
    public var numberBeyondDouble: (place: String, number: String)? {
        switch self {
        case .object(let fields):
            for field in fields {
                guard let found = field.value.numberBeyondDouble else { continue }
                return (".\(String(decoding: field.name, as: UTF8.self))\(found.place)", found.number)
            }
            return nil
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                if let found = element.numberBeyondDouble { return ("[\(index)]\(found.place)", found.number) }
            }
            return nil
        case .scalar(let raw):
            guard kind == .number, !raw.withUnsafeBytes({ JSONNumber.fitsDouble($0) }) else { return nil }
            return ("", String(decoding: raw, as: UTF8.self))
        }
    }
}
