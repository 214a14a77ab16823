import JSONBytes
import RecordFormat

/// Reads `fields=`: JSON pointers (RFC 6901), joined with commas; one with a comma in it stands in quotes.
enum FieldList {
    /// The projection to what the pointers name.
    static func parse(_ text: String, limits: Limits) throws(Problem) -> JSONProjection {
        guard text.utf8.count <= limits.fieldsBytesMax.value else {
            throw Problem.fieldsLimit("fieldsBytesMax", limits.fieldsBytesMax.value, "bytes", at: nil)
        }
        let scalars = Array(text.unicodeScalars)
        var pointers: [JSONPointer] = []
        var start = 0
        repeat {
            guard pointers.count < limits.fieldsMax else {
                throw Problem.fieldsLimit("fieldsMax", limits.fieldsMax, "pointers", at: start)
            }
            let isQuoted = start < scalars.count && scalars[start] == "\""
            let end =
                try isQuoted ? closingQuote(scalars, start) : scalars[start...].firstIndex(of: ",") ?? scalars.count
            pointers.append(try pointer(scalars[(isQuoted ? start + 1 : start)..<end], limits))
            start = isQuoted ? end + 1 : end
            guard start < scalars.count else { return JSONProjection(pointers) }
            guard scalars[start] == "," else { throw Problem.invalidFields(at: start, "expected ',' or the end") }
            start += 1
        } while true
    }

    private static func closingQuote(_ scalars: [Unicode.Scalar], _ start: Int) throws(Problem) -> Int {
        guard let end = scalars[(start + 1)...].firstIndex(of: "\"") else {
            throw Problem.invalidFields(at: start, "the quote that begins here is not closed")
        }
        return end
    }

    private static func pointer(
        _ scalars: ArraySlice<Unicode.Scalar>,
        _ limits: Limits
    ) throws(Problem) -> JSONPointer {
        let start = scalars.startIndex
        guard !scalars.isEmpty else {
            throw Problem.invalidFields(at: start, "expected a JSON pointer such as /state or /customer/name")
        }
        let text = String(String.UnicodeScalarView(scalars))
        let pointer: JSONPointer
        do throws(JSONPointerError) {
            pointer = try JSONPointer(text)
        } catch {
            let before = String(decoding: text.utf8.prefix(error.byteOffset), as: UTF8.self)
            throw Problem.invalidFields(at: start + before.unicodeScalars.count, error.reason)
        }
        guard pointer.depth <= limits.pathDepthMax else {
            throw Problem.fieldsLimit("pathDepthMax", limits.pathDepthMax, "names in a pointer", at: start)
        }
        return pointer
    }
}
