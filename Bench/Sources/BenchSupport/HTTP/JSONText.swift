/// Finds members in the broker's own answers, whose form is known: no spaces, and names that occur once.
package struct JSONText {
    package let bytes: ArraySlice<UInt8>

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    package init(_ text: some StringProtocol) {
        bytes = ArraySlice(Array(text.utf8))
    }

    /// Where the value of the first member of this name begins.
    private func start(of name: StaticString) -> Int? {
        let length = name.utf8CodeUnitCount
        let wanted = UnsafeBufferPointer(start: name.utf8Start, count: length)
        guard bytes.count > length + 3 else { return nil }
        for place in bytes.startIndex..<(bytes.endIndex - length - 2) {
            guard bytes[place] == UInt8(ascii: "\""), bytes[place + length + 1] == UInt8(ascii: "\""),
                bytes[place + length + 2] == UInt8(ascii: ":"),
                bytes[(place + 1)..<(place + 1 + length)].elementsEqual(wanted)
            else { continue }
            return place + length + 3
        }
        return nil
    }

    /// A number's value.
    package func integer(_ name: StaticString) -> Int64? {
        guard let start = start(of: name) else { return nil }
        var value: Int64 = 0
        var place = start
        while place < bytes.endIndex, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[place]) {
            value = value * 10 + Int64(bytes[place] - UInt8(ascii: "0"))
            place += 1
        }
        return place > start ? value : nil
    }

    /// A string's value, which has no escapes in it.
    package func string(_ name: StaticString) -> String? {
        guard let start = start(of: name), start < bytes.endIndex, bytes[start] == UInt8(ascii: "\"") else {
            return nil
        }
        let text = bytes[(start + 1)...].prefix { $0 != UInt8(ascii: "\"") }
        return String(decoding: text, as: UTF8.self)
    }

    /// Everything from the member's value on, but for the object's closing brace: the value, if it is the last member.
    package func last(_ name: StaticString) -> ArraySlice<UInt8>? {
        start(of: name).map { bytes[$0..<(bytes.endIndex - 1)] }
    }

    /// The objects of an array of flat objects.
    package func objects(_ name: StaticString) -> [JSONText] {
        guard let start = start(of: name) else { return [] }
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "]")) ?? bytes.endIndex
        return bytes[start..<end].split(separator: UInt8(ascii: "{")).dropFirst().map { JSONText($0) }
    }
}
