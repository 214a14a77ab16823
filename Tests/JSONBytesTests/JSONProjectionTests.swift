import JSONBytes
import NIOCore
import Testing

@Suite struct JSONProjectionTests {
    private func projected(_ pointers: [String], _ document: String) throws -> String {
        let projection = JSONProjection(try pointers.map { (text) throws(JSONPointerError) in try JSONPointer(text) })
        var buffer = ByteBuffer(string: "before ")
        withBytes(document) { projection.write($0, value: 0..<$0.count, into: &buffer) }
        let text = String(buffer: buffer)
        #expect(text.hasPrefix("before "))
        return String(text.dropFirst(7))
    }

    @Test(
        arguments: [
            (["/a"], #"{"a":1,"b":2}"#, #"{"a":1}"#), (["/b", "/a"], #"{"a":1,"b":2}"#, #"{"b":2,"a":1}"#),
            (["/a/b"], #"{"a":{"b":[1, 2],"c":3}}"#, #"{"a":{"b":[1, 2]}}"#),
            (["/a/b", "/a/c"], #" { "a" : { "c" : 3 , "b" : 1 , "d" : 0 } } "#, #"{"a":{"b":1,"c":3}}"#),
            (["/a", "/a/b"], #"{"a":{"b":1,"c":2}}"#, #"{"a":{"b":1,"c":2}}"#),
            (["/a/b", "/a"], #"{"a":{"b":1,"c":2}}"#, #"{"a":{"b":1,"c":2}}"#),
            (["/x"], #"{"a":1}"#, "{}"), (["/a/x"], #"{"a":{"b":1}}"#, "{}"), (["/a/b"], #"{"a":5}"#, "{}"),
            (["/a/x", "/b"], #"{"a":{"b":1},"b":2}"#, #"{"b":2}"#), (["/a"], #"{"a":null}"#, #"{"a":null}"#),
            (["/a"], #"{"a":1,"\u0061":2}"#, #"{"a":2}"#), (["/é"], #"{"\u00e9":3}"#, #"{"é":3}"#),
            (["/a~1b", "/q\"\n"], #"{"a/b":1,"q\"\n":2}"#, #"{"a/b":1,"q\"\n":2}"#),
            (["/a/1"], #"{"a":[7,8,9]}"#, #"{"a":[null,8]}"#),
            (["/a/2/x", "/a/0"], #"{"a":[7,8,{"x":1,"y":2}]}"#, #"{"a":[7,null,{"x":1}]}"#),
            (["/a/2/y", "/a/0"], #"{"a":[7,8,{"x":1}]}"#, #"{"a":[7]}"#), (["/a/0/y"], #"{"a":[{"x":1}]}"#, "{}"),
            (["/a/9"], #"{"a":[7]}"#, "{}"), (["/a/-"], #"{"a":[7]}"#, "{}"),
            (["/a/0"], #"{"a":{"0":1}}"#, #"{"a":{"0":1}}"#),
            (["/1/b"], #"[1,{"b":2}]"#, #"[null,{"b":2}]"#), (["/a"], "[1]", "[]"), (["/0"], "{}", "{}"),
            (["/a"], "5", "5"), (["/a"], "\"text\"", "\"text\""), (["/a"], "null", "null"), (["/a"], " true ", "true"),
            ([""], #" {"a": 1} "#, #"{"a": 1}"#), (["", "/a"], #"{"a":1,"b":2}"#, #"{"a":1,"b":2}"#),
            ([], #"{"a":1}"#, "{}"),
        ] as [([String], String, String)]
    )
    func keepsWhatIsNamedAtItsPlace(_ pointers: [String], _ document: String, _ expected: String) throws {
        #expect(try projected(pointers, document) == expected)
    }

    @Test func everyPointerNamesTheSameInTheProjection() throws {
        let seed = SeededGenerator.seed(for: "projections")
        var documents = DocumentGenerator(seed: seed)
        for _ in 0..<2000 {
            let (text, tree) = documents.next()
            let pointers = Self.pointers(into: tree, &documents.random)
            let projection = JSONProjection(pointers)
            var buffer = ByteBuffer()
            withBytes(text) { projection.write($0, value: 0..<$0.count, into: &buffer) }
            let part = Array(buffer.readableBytesView)
            #expect(isAccepted(part), "\(pointers) of \(text)")
            // The names that were asked for are added; null stands for elements.
            #expect(part.count <= 3 * text.utf8.count + 2)
            for pointer in pointers {
                let whole = withBytes(text) { bytes in
                    pointer.resolve(in: bytes, value: 0..<bytes.count).map { bytes.text($0) }
                }
                let here = withBytes(part) { bytes in
                    pointer.resolve(in: bytes, value: 0..<bytes.count).map { bytes.text($0) }
                }
                guard whole != nil else { continue }
                #expect(here == whole, "\(pointer) of \(text)")
            }
        }
    }

    @Test func garbageDoesNotTrap() throws {
        let projection = JSONProjection([try JSONPointer("/a/1/b"), try JSONPointer("/0"), try JSONPointer("/a/b")])
        let document = Array(#"{"a":[1,{"b":"\u00e9"}],"a":{"b":{"c":[]}}}"#.utf8)
        for length in 0...document.count {
            for byte: UInt8 in [0x00, 0x22, 0x2C, 0x5B, 0x5C, 0x5D, 0x7B, 0x7D, 0xFF] {
                var bytes = Array(document[..<length])
                if let last = bytes.indices.last { bytes[last] = byte }
                var buffer = ByteBuffer()
                withBytes(bytes) { projection.write($0, value: 0..<$0.count, into: &buffer) }
                #expect(buffer.readableBytes <= 4 * document.count)
            }
        }
    }

    /// Some paths that are there, and some that are not.
    private static func pointers(into tree: Tree, _ random: inout SeededGenerator) -> [JSONPointer] {
        (0..<Int.random(in: 1...6, using: &random)).map { _ in
            var names: [String] = []
            var place = tree
            while names.count < 8 {
                if Int.random(in: 0..<6, using: &random) == 0 { names.append("3") }
                switch place {
                case .object(let fields):
                    guard let field = fields.randomElement(using: &random) else { return JSONPointer(names: names) }
                    names.append(field.name)
                    place = field.value
                case .array(let elements):
                    guard let index = elements.indices.randomElement(using: &random) else {
                        return JSONPointer(names: names)
                    }
                    names.append(String(index))
                    place = elements[index]
                default: return JSONPointer(names: names)
                }
                if Int.random(in: 0..<4, using: &random) == 0 { break }
            }
            return JSONPointer(names: names)
        }
    }
}
