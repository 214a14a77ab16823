import NIOCore

/// A JSON Patch (RFC 6902): operations that make one document of another.
public struct JSONPatch: Sendable {
    /// One operation.
    public enum Operation: Sendable, Equatable {
        /// Puts a value at a place: a field, new or not, or an element before the one that is there.
        case add(JSONPointer, JSONTree)
        /// Takes the value at a place away.
        case remove(JSONPointer)
        /// Puts a value in the place of another.
        case replace(JSONPointer, JSONTree)
        /// Takes a value away and puts it elsewhere.
        case move(from: JSONPointer, to: JSONPointer)
        /// Puts a value elsewhere too.
        case copy(from: JSONPointer, to: JSONPointer)
        /// Goes on only if the value at a place is this one.
        case test(JSONPointer, JSONTree)
    }

    /// The operations, in the order in which they are carried out.
    public let operations: [Operation]

    /// Makes a patch of its operations.
    public init(_ operations: [Operation]) {
        self.operations = operations
    }

    /// Reads a patch from its JSON; fields of an operation that mean nothing are passed over, as the RFC wants it.
    public init(_ document: JSONTree, operationsMax: Int) throws(JSONPatchError) {
        guard case .array(let elements) = document else {
            throw JSONPatchError(kind: .malformed, operation: nil, reason: "a JSON Patch is an array of operations")
        }
        guard elements.count <= operationsMax else {
            let reason = "the patch has \(elements.count) operations, and at most \(operationsMax) are allowed"
            throw JSONPatchError(kind: .tooManyOperations, operation: nil, reason: reason)
        }
        var operations: [Operation] = []
        for (index, element) in elements.enumerated() {
            do throws(Malformed) {
                operations.append(try Self.operation(element))
            } catch {
                throw JSONPatchError(kind: .malformed, operation: index, reason: error.reason)
            }
        }
        self.operations = operations
    }

    /// Appends the patch as JSON.
    public func write(into buffer: inout ByteBuffer) {
        buffer.writeInteger(ASCII.openBracket)
        for (index, operation) in operations.enumerated() {
            if index > 0 { buffer.writeInteger(ASCII.comma) }
            operation.write(into: &buffer)
        }
        buffer.writeInteger(ASCII.closeBracket)
    }

    // MARK: Reading

    private struct Malformed: Error {
        let reason: String
    }

    private static func operation(_ element: JSONTree) throws(Malformed) -> Operation {
        guard case .object(let fields) = element else { throw Malformed(reason: "an operation is an object") }
        switch try text(fields, "op") {
        case "add": return .add(try pointer(fields, "path"), try value(fields))
        case "remove": return .remove(try pointer(fields, "path"))
        case "replace": return .replace(try pointer(fields, "path"), try value(fields))
        case "move": return .move(from: try pointer(fields, "from"), to: try pointer(fields, "path"))
        case "copy": return .copy(from: try pointer(fields, "from"), to: try pointer(fields, "path"))
        case "test": return .test(try pointer(fields, "path"), try value(fields))
        default: throw Malformed(reason: "op is add, remove, replace, move, copy or test")
        }
    }

    private static func value(_ fields: JSONObject) throws(Malformed) -> JSONTree {
        guard let value = fields[Array("value".utf8)] else { throw Malformed(reason: "value is missing") }
        return value
    }

    private static func pointer(_ fields: JSONObject, _ name: String) throws(Malformed) -> JSONPointer {
        let text = try text(fields, name)
        do {
            return try JSONPointer(text)
        } catch {
            throw Malformed(reason: "\(name) at \(error)")
        }
    }

    private static func text(_ fields: JSONObject, _ name: String) throws(Malformed) -> String {
        guard let value = fields[Array(name.utf8)] else { throw Malformed(reason: "\(name) is missing") }
        guard case .scalar(let raw) = value, value.kind == .string else {
            throw Malformed(reason: "\(name) is a string")
        }
        do {
            return try raw.dropFirst().dropLast().withUnsafeBytes { (bytes) throws(JSONError) in
                try JSONString.text(bytes)
            }
        } catch {
            throw Malformed(reason: "\(name) at \(error)")
        }
    }
}

extension JSONPatch.Operation {
    fileprivate func write(into buffer: inout ByteBuffer) {
        switch self {
        case .add(let path, let value): Self.write("add", path, value: value, into: &buffer)
        case .remove(let path): Self.write("remove", path, into: &buffer)
        case .replace(let path, let value): Self.write("replace", path, value: value, into: &buffer)
        case .move(let from, let path): Self.write("move", path, from: from, into: &buffer)
        case .copy(let from, let path): Self.write("copy", path, from: from, into: &buffer)
        case .test(let path, let value): Self.write("test", path, value: value, into: &buffer)
        }
    }

    private static func write(
        _ name: StaticString,
        _ path: JSONPointer,
        from: JSONPointer? = nil,
        value: JSONTree? = nil,
        into buffer: inout ByteBuffer
    ) {
        buffer.writeStaticString("{\"op\":\"")
        buffer.writeStaticString(name)
        buffer.writeStaticString("\",\"path\":")
        JSONString.encode(path.description, into: &buffer)
        if let from {
            buffer.writeStaticString(",\"from\":")
            JSONString.encode(from.description, into: &buffer)
        }
        if let value {
            buffer.writeStaticString(",\"value\":")
            value.write(into: &buffer)
        }
        buffer.writeInteger(ASCII.closeBrace)
    }
}
