import JSONBytes
import Testing

@Suite struct JSONCursorTests {
    @Test func walksAProduceBodyInOnePass() {
        let body = """
            {"records" : [ {"key":"u1","value":{"a":[1,2,"}"]}}, {"value":null} ,{}], "dryRun": true}
            """
        withBytes(body) { bytes in
            var cursor = JSONCursor(bytes, value: 0..<bytes.count)
            var seen: [String] = []
            func enter(_ kind: JSONKind) {
                #expect(cursor.kind == kind)
                let wrong = kind == .array ? cursor.enterObject() : cursor.enterArray()
                let right = kind == .array ? cursor.enterArray() : cursor.enterObject()
                #expect(!wrong && right, "only what begins here is entered")
            }
            enter(.object)
            while let name = cursor.nextName() {
                seen.append(bytes.text(name))
                guard cursor.kind == .array else {
                    seen.append(bytes.text(cursor.takeValue()))
                    continue
                }
                enter(.array)
                while cursor.nextElement() {
                    enter(.object)
                    while let field = cursor.nextName() {
                        seen.append(bytes.text(field) + "=" + bytes.text(cursor.takeValue()))
                    }
                    seen.append("end")
                }
            }
            let expected = [
                "records", "key=\"u1\"", #"value={"a":[1,2,"}"]}"#, "end", "value=null", "end", "end", "dryRun", "true",
            ]
            #expect(seen == expected)
            let rest = cursor.takeValue()
            #expect(rest.isEmpty && cursor.kind == nil)
        }
    }

    @Test func takesValuesWithoutTheirWhitespace() {
        let document = "[ 1 ,\t-2.5e3\n, \"a\\\"]\\\\\" , [ ] , {\"]\":\"}\"} ,null ]"
        #expect(elements(document) == ["1", "-2.5e3", "\"a\\\"]\\\\\"", "[ ]", "{\"]\":\"}\"}", "null"])
        #expect(elements("[]").isEmpty && elements("[ \n ]").isEmpty)
    }

    @Test func findsTheEndOfStringsOfEveryLength() {
        for length in 0...40 {
            for escapes in 0...3 {
                let text = String(repeating: "é", count: length % 3) + String(repeating: "x", count: length)
                let string = "\"\(text)\(String(repeating: "\\\\", count: escapes))\\\"\""
                #expect(elements("[\(string),1]") == [string, "1"])
            }
        }
    }

    @Test func staysWithinTheGivenPlace() {
        withBytes("[1,[2,3],4]") { bytes in
            var seen: [String] = []
            forEachElement(in: bytes, array: 3..<8) { value in
                seen.append(bytes.text(value))
                return true
            }
            #expect(seen == ["2", "3"])
            var outside = JSONCursor(bytes, value: 20..<30)
            let isEntered = outside.enterArray()
            let place = outside.takeValue()
            #expect(outside.kind == nil && !isEntered && place == 11..<11)
        }
    }

    @Test func showsEveryFieldRepeatedOnesToo() {
        withBytes(#"{"a":1,"b":{"a":2},"a":3}"#) { bytes in
            var seen: [String] = []
            let isObject = forEachField(in: bytes, object: 0..<bytes.count) { name, value in
                seen.append("\(bytes.text(name))=\(bytes.text(value))")
                return true
            }
            #expect(isObject && seen == ["a=1", #"b={"a":2}"#, "a=3"])
        }
    }

    @Test func stopsWhenTold() {
        withBytes(#"{"a":1,"b":2}"#) { bytes in
            var calls = 0
            #expect(
                forEachField(in: bytes, object: 0..<bytes.count) { _, _ in
                    calls += 1
                    return false
                }
            )
            #expect(calls == 1)
            #expect(!forEachElement(in: bytes, array: 0..<bytes.count) { _ in true }, "an object is no array")
        }
    }

    @Test func passesErrorsOn() {
        #expect(throws: JSONError(byteOffset: 1, reason: "mine")) {
            try withBytes("[1]") { bytes throws(JSONError) in
                try forEachElement(in: bytes, array: 0..<3) { value throws(JSONError) in
                    throw JSONError(byteOffset: value.lowerBound, reason: "mine")
                }
            }
        }
    }

    private func elements(_ document: String) -> [String] {
        withBytes(document) { bytes in
            var elements: [String] = []
            forEachElement(in: bytes, array: 0..<bytes.count) { value in
                elements.append(bytes.text(value))
                return true
            }
            return elements
        }
    }
}
