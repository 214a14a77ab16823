import JSONBytes
import NIOCore
import Testing

@Suite struct JSONPatchTests {
    @Test func theCasesOfThePublicSuiteComeOutAsTheySay() throws {
        if Vectors.folder("json-patch") != nil { #expect(PatchCase.all.count > 100) }
        for one in PatchCase.all {
            do {
                let patch = try JSONPatch(one.patch, operationsMax: 1000)
                let outcome = try patch.apply(to: one.document, bytesMax: 1 << 20)
                #expect(!one.isRefused, "\(one.comment)")
                if let expected = one.expected { #expect(outcome == expected, "\(one.comment): \(text(outcome))") }
            } catch {
                #expect(one.isRefused, "\(one.comment): \(error)")
            }
        }
    }

    @Test(
        arguments: [
            (#"{"a":1,"b":2}"#, #"[{"op":"replace","path":"/a","value":9}]"#, #"{"a":9,"b":2}"#),
            (#"{"a":1}"#, #"[{"op":"add","path":"/a","value":null}]"#, #"{"a":null}"#),
            (
                #"{"a":[1,2]}"#, #"[{"op":"add","path":"/a/-","value":3},{"op":"remove","path":"/a/0"}]"#,
                #"{"a":[2,3]}"#
            ),
            (#"{"a":{"b":1}}"#, #"[{"op":"move","from":"/a/b","path":"/c"}]"#, #"{"a":{},"c":1}"#),
            (#"[1]"#, #"[{"op":"replace","path":"","value":{"x":[]}}]"#, #"{"x":[]}"#),
            (#"{"a":1e0}"#, #"[{"op":"test","path":"/a","value":1.0}]"#, #"{"a":1e0}"#),
            (#"{"é":"\u00e9"}"#, #"[{"op":"test","path":"/\u00e9","value":"é"}]"#, #"{"é":"\u00e9"}"#),
            (#"{"a" : [ 1 , { "b" : 2.50 } ]}"#, "[]", #"{"a":[1,{"b":2.50}]}"#),
            (#"{"a":1,"b":2,"a":3}"#, #"[{"op":"remove","path":"/a"}]"#, #"{"b":2}"#),
            (#"{"a":1}"#, #"[{"op":"move","from":"/a","path":"/a"}]"#, #"{"a":1}"#),
            (
                #"{"a/b":{"m~n":1}}"#, #"[{"op":"copy","from":"/a~1b/m~0n","path":"/c\"d"}]"#,
                #"{"a/b":{"m~n":1},"c\"d":1}"#
            ),
        ] as [(String, String, String)]
    )
    func appliesToOneDocument(_ document: String, _ patch: String, _ expected: String) throws {
        #expect(try patched(document, patch) == expected)
    }

    @Test(
        arguments: [
            (#"{"op":"remove"}"#, .malformed, nil), ("[7]", .malformed, 0),
            (#"[{"op":"grow","path":""}]"#, .malformed, 0),
            (#"[{"op":"test","path":"/a","value":1},{"op":"add","path":"a","value":1}]"#, .malformed, 1),
            (#"[{"op":"add","path":"/a"}]"#, .malformed, 0), (#"[{"op":"move","path":"/a"}]"#, .malformed, 0),
            (#"[{"op":"add","path":"/b/c","value":1}]"#, .notApplicable, 0),
            (#"[{"op":"add","path":"/l/3","value":1}]"#, .notApplicable, 0),
            (#"[{"op":"add","path":"/l/01","value":1}]"#, .notApplicable, 0),
            (#"[{"op":"replace","path":"/l/-","value":1}]"#, .notApplicable, 0),
            (#"[{"op":"remove","path":"/a"},{"op":"remove","path":"/a"}]"#, .notApplicable, 1),
            (#"[{"op":"remove","path":""}]"#, .notApplicable, 0),
            (#"[{"op":"add","path":"/a/b","value":1}]"#, .notApplicable, 0),
            (#"[{"op":"move","from":"/o","path":"/o/p/q"}]"#, .notApplicable, 0),
            (#"[{"op":"test","path":"/a","value":"1"}]"#, .testFailed, 0),
            (#"[{"op":"test","path":"/zz","value":null}]"#, .notApplicable, 0),
        ] as [(String, JSONPatchError.Kind, Int?)]
    )
    func saysWhichOperationIsWrong(_ patch: String, _ kind: JSONPatchError.Kind, _ operation: Int?) throws {
        let error = #expect(throws: JSONPatchError.self) { try patched(#"{"a":1,"l":[1,2],"o":{"p":{}}}"#, patch) }
        #expect(error?.kind == kind && error?.operation == operation, "\(String(describing: error))")
    }

    @Test func aPatchThatDoublesADocumentIsStopped() throws {
        let copies = (0..<40).map { #"{"op":"copy","from":"","path":"/c\#($0)"}"# }.joined(separator: ",")
        let error = #expect(throws: JSONPatchError.self) {
            try patched(#"{"a":"0123456789"}"#, "[\(copies)]", bytesMax: 10_000)
        }
        #expect(error?.kind == .tooLarge && error?.operation == 8)
    }

    @Test func operationsAreCounted() throws {
        let patch = try tree(#"[{"op":"remove","path":"/a"},{"op":"remove","path":"/b"}]"#)
        #expect(throws: Never.self) { try JSONPatch(patch, operationsMax: 2) }
        let error = #expect(throws: JSONPatchError.self) { try JSONPatch(patch, operationsMax: 1) }
        #expect(error?.kind == .tooManyOperations)
    }

    @Test(
        arguments: [
            ("1", "1.0", true), ("1", "1e0", true), ("100", "1E+2", true), ("0.001", "1e-3", true),
            ("-0", "0.0e9", true),
            ("10", "1", false), ("-1", "1", false), ("0.1", "0.10", true), ("1e400", "1e401", false),
            ("12345678901234567890123", "12345678901234567890124", false),
            ("1e99999999999999999999999", "1e99999999999999999999998", false),
            ("1e-99999999999999999999999", "0", false), ("123.456e3", "123456", true),
        ] as [(String, String, Bool)]
    )
    func numbersAreComparedByValue(_ left: String, _ right: String, _ areEqual: Bool) {
        withBytes(left) { left in withBytes(right) { #expect(JSONNumber.areEqual(left, $0) == areEqual) } }
    }
}
