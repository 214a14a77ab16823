import JSONBytes
import NIOCore

/// A small JSON document of a request.
enum JSONDocument {
    /// The deepest nesting that a small document needs, with room.
    static let depthMax = 16

    /// Checks the body as one JSON value and reads it; an error names the byte.
    ///
    /// - Parameter what: what the body is called in messages.
    static func read<Value>(
        _ body: ByteBuffer,
        what: String = "the body",
        _ read: (UnsafeRawBufferPointer, Range<Int>) throws(Problem) -> Value
    ) throws(Problem) -> Value {
        try body.withUnsafeReadableBytes { (bytes) throws(Problem) in
            let shape: JSONShape
            do throws(JSONError) {
                shape = try JSONValidator.validate(bytes, depthMax: depthMax)
            } catch {
                throw notJSON(what, error)
            }
            return try read(bytes, shape.value)
        }
    }

    /// Checks the body as one JSON value and takes it as a tree, to be changed; an error names the byte.
    static func tree(_ body: ByteBuffer, what: String, depthMax: Int) throws(Problem) -> JSONTree {
        do throws(JSONError) {
            return try JSONTree(validating: body, depthMax: depthMax)
        } catch {
            throw notJSON(what, error)
        }
    }

    private static func notJSON(_ what: String, _ error: JSONError) -> Problem {
        Problem.invalidRequest(
            "\(what) is not valid JSON at byte \(error.byteOffset): \(error.reason)",
            members: [Problem.Member("byteOffset", .integer(Int64(error.byteOffset)))]
        )
    }
}
