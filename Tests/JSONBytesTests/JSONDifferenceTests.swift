import JSONBytes
import NIOCore
import Testing

@Suite struct JSONDifferenceTests {
    @Test(
        arguments: [
            ("1", "1.0", "[]"), ("1", "2", #"[{"op":"replace","path":"","value":2}]"#),
            (
                #"{"a":1,"b":2}"#, #"{"b":2,"c":3}"#,
                #"[{"op":"remove","path":"/a"},{"op":"add","path":"/c","value":3}]"#
            ),
            (#"{"a":{"b":[1,2,3]}}"#, #"{"a":{"b":[1,3]}}"#, #"[{"op":"remove","path":"/a/b/1"}]"#),
            ("[1,2,3]", "[0,1,2,3]", #"[{"op":"add","path":"/0","value":0}]"#),
            ("[1,2]", "[1,2,3,4]", #"[{"op":"add","path":"/2","value":3},{"op":"add","path":"/3","value":4}]"#),
            (#"[{"x":1},2]"#, #"[{"x":5},2]"#, #"[{"op":"replace","path":"/0/x","value":5}]"#),
            (#"{"a/~":1}"#, #"{"a/~":2}"#, #"[{"op":"replace","path":"/a~1~0","value":2}]"#),
            ("{\"a~\u{301}/\u{301}\":1}", "{}", "[{\"op\":\"remove\",\"path\":\"/a~0\u{301}~1\u{301}\"}]"),
            (#"{"\ud800":1}"#, #"{"\ud800":2}"#, #"[{"op":"replace","path":"","value":{"\ud800":2}}]"#),
        ] as [(String, String, String)]
    )
    func tellsWhatHasChanged(_ old: String, _ new: String, _ expected: String) throws {
        var buffer = ByteBuffer()
        JSONPatch(from: try tree(old), to: try tree(new)).write(into: &buffer)
        #expect(String(buffer: buffer) == expected)
    }

    /// Between random documents, and between one and a few random changes of it.
    @Test func appliedToTheOldItGivesTheNew() throws {
        let seed = SeededGenerator.seed(for: "appliedToTheOldItGivesTheNew")
        var generator = DocumentGenerator(seed: seed)
        var old = try tree(generator.next().text)
        for _ in 0..<600 {
            var new = try tree(generator.next().text)
            if Bool.random(using: &generator.random) { new = Self.mixed(old, new, &generator.random) }
            var buffer = ByteBuffer()
            JSONPatch(from: old, to: new).write(into: &buffer)
            // Through its text, as a client gets it.
            let patch = try JSONPatch(try JSONTree(validating: buffer, depthMax: 1024), operationsMax: .max)
            let outcome = try patch.apply(to: old, bytesMax: .max)
            #expect(
                outcome == new,
                "MILLRACE_TEST_SEED=\(seed): \(text(old)) -> \(text(new)): \(String(buffer: buffer))"
            )
            #expect(JSONPatch(from: new, to: new).operations.isEmpty)
            #expect(outcome.byteCount == text(outcome).utf8.count)
            old = new
        }
    }

    /// The first document with parts of the second in it.
    private static func mixed(_ old: JSONTree, _ new: JSONTree, _ random: inout SeededGenerator) -> JSONTree {
        switch old {
        case .object(var fields):
            for field in old.fieldsList {
                switch Int.random(in: 0..<4, using: &random) {
                case 0: fields[field.name] = nil
                case 1: fields[field.name] = mixed(field.value, new, &random)
                default: break
                }
            }
            return .object(fields)
        case .array(let elements):
            var mixed = elements
            if !mixed.isEmpty, Bool.random(using: &random) {
                mixed.remove(at: .random(in: mixed.indices, using: &random))
            }
            mixed.insert(new, at: .random(in: 0...mixed.count, using: &random))
            return .array(mixed)
        case .scalar: return Bool.random(using: &random) ? new : old
        }
    }
}

extension JSONTree {
    fileprivate var fieldsList: [JSONObject.Field] {
        if case .object(let fields) = self { Array(fields) } else { [] }
    }
}
