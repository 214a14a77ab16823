import JSONBytes
import NIOCore

/// Whole fields at once, for documents that are written once.
extension JSONWriter {
    /// Writes a field that is a text.
    mutating func field(_ name: String, _ text: String) {
        key(name)
        string(text)
    }

    /// Writes a field that is a number.
    mutating func field(_ name: String, _ number: Int64) {
        key(name)
        integer(number)
    }

    /// Writes a field that is an object.
    mutating func object(_ name: String, _ fields: (inout JSONWriter) -> Void) {
        key(name)
        beginObject()
        fields(&self)
        endObject()
    }

    /// Writes a field that is an array.
    mutating func list<Element>(
        _ name: String,
        _ elements: [Element],
        _ write: (Element, inout JSONWriter) -> Void
    ) {
        key(name)
        beginArray()
        for element in elements { write(element, &self) }
        endArray()
    }

    /// Writes a field that is JSON already.
    mutating func raw(_ name: String, _ text: String) {
        key(name)
        raw(ByteBuffer(string: text))
    }
}
