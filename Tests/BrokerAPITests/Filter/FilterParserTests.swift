import JSONBytes
import RecordFormat
import Testing

@testable import BrokerAPI

@Suite struct FilterParserTests {
    private func terms(_ text: String) throws -> [FilterTerm] {
        try FilterParser.parse(text, limits: Limits()).terms
    }

    private func bare(_ texts: String...) -> FilterTerm.Condition {
        .isOne(texts.map { FilterLiteral($0, isQuoted: false) })
    }

    private func quoted(_ text: String) -> FilterTerm.Condition { .isOne([FilterLiteral(text, isQuoted: true)]) }

    @Test func readsEveryForm() throws {
        let state = FilterTerm.Field.value(JSONPointer(names: ["state"]))
        let cases: [(String, FilterTerm)] = [
            ("value.state=paid", .init(field: state, condition: bare("paid"), isNegated: false)),
            (" value.state == paid ", .init(field: state, condition: bare("paid"), isNegated: false)),
            ("value.state!=paid", .init(field: state, condition: bare("paid"), isNegated: true)),
            (
                "value.state^=pa",
                .init(field: state, condition: .begins(.init("pa", isQuoted: false)), isNegated: false)
            ),
            ("value.state in (a,b)", .init(field: state, condition: bare("a", "b"), isNegated: false)),
            ("value.state\tnotin( a , b )", .init(field: state, condition: bare("a", "b"), isNegated: true)),
            ("value.state", .init(field: state, condition: .isThere, isNegated: false)),
            ("! value.state", .init(field: state, condition: .isThere, isNegated: true)),
            ("key=u1", .init(field: .key, condition: bare("u1"), isNegated: false)),
            ("value", .init(field: .value(JSONPointer(names: [])), condition: .isThere, isNegated: false)),
            (
                "headers.ce_type=order.placed",
                .init(field: .header(Array("ce_type".utf8)), condition: bare("order.placed"), isNegated: false)
            ),
            ("headers.a.b", .init(field: .header(Array("a.b".utf8)), condition: .isThere, isNegated: false)),
            ("headers.\"a b\"", .init(field: .header(Array("a b".utf8)), condition: .isThere, isNegated: false)),
            (
                "value.a.\"b.c\".0",
                .init(field: .value(JSONPointer(names: ["a", "b.c", "0"])), condition: .isThere, isNegated: false)
            ),
            (
                "value.\"\"=\"\"",
                .init(field: .value(JSONPointer(names: [""])), condition: quoted(""), isNegated: false)
            ),
            ("key='it\\'s \\\\ \"x\"'", .init(field: .key, condition: quoted("it's \\ \"x\""), isNegated: false)),
            (
                "key=2026-11-21T10:00:00.5Z",
                .init(field: .key, condition: bare("2026-11-21T10:00:00.5Z"), isNegated: false)
            ),
            (
                "value.in in (in)",
                .init(field: .value(JSONPointer(names: ["in"])), condition: bare("in"), isNegated: false)
            ),
            ("key=é", .init(field: .key, condition: bare("é"), isNegated: false)),
        ]
        for (text, term) in cases { #expect(try terms(text) == [term], "\(text)") }
        #expect(try terms("key,value.a!=1 , !headers.x").count == 3)
    }

    @Test func aBareLiteralIsAlsoWhatItReadsAs() {
        #expect(FilterLiteral("12", isQuoted: false).isNumber)
        #expect(!FilterLiteral("12", isQuoted: true).isNumber)
        #expect(!FilterLiteral("012", isQuoted: false).isNumber)
        #expect(FilterLiteral("true", isQuoted: false).word == .boolean(true))
        #expect(FilterLiteral("null", isQuoted: false).word == .null)
        #expect(FilterLiteral("null", isQuoted: true).word == nil)
    }

    @Test(
        arguments: [
            ("", 0), (" ", 1), ("state=paid", 0), ("keys", 0), ("key.x=1", 3), ("headers", 7), ("headers.", 8),
            ("value.", 6),
            ("value..a", 6), ("value.a=", 8), ("value.a= ", 9), ("value.a=b c", 10), ("value.a=(b)", 8),
            ("value.a in", 10),
            ("value.a in b", 11), ("value.a in ()", 12), ("value.a in (b", 13), ("value.a in (b,)", 14),
            ("value.a in (b;c", 15),
            ("value.a inside (b)", 8), ("value.a !b", 9), ("value.a ^b", 9), ("value.a > 5", 8), ("value.a=b,", 10),
            ("value.a=b,,key", 10), ("value.a=b|key", 9), ("key=\"x", 4), ("key=\"x\\n\"", 7), ("!key=1", 4),
            ("key=a=b", 5),
            ("key='a'b", 7), ("é", 0), ("key=é é", 6), ("value.\"😀\" ?", 10), ("value.a[0]", 7), ("key==='x'", 5),
        ] as [(String, Int)]
    )
    func tellsWhereItGoesWrong(_ text: String, _ position: Int) throws {
        let problem = #expect(throws: Problem.self) { try FilterParser.parse(text, limits: Limits()) }
        #expect(problem?.code == .invalidFilter)
        #expect(problem?.detail.hasPrefix("filter, character \(position): ") == true, "\(problem?.detail ?? "")")
        guard case .integer(let told)? = problem?.members.first(where: { $0.name == "position" })?.value else {
            return #expect(Bool(false), "no position")
        }
        #expect(told == Int64(position))
    }

    @Test func everyLimitHasItsOwnError() throws {
        let cases: [(String, String)] = [
            ("key=" + String(repeating: "x", count: 4093), "filterBytesMax"),
            (String(repeating: "key,", count: 16) + "key", "filterTermsMax"),
            ("key in (" + String(repeating: "x,", count: 64) + "x)", "filterSetElementsMax"),
            ("value" + String(repeating: ".a", count: 17), "pathDepthMax"),
        ]
        for (text, limit) in cases {
            let problem = #expect(throws: Problem.self) { try FilterParser.parse(text, limits: Limits()) }
            #expect(problem?.code == .filterTooLarge)
            #expect(problem?.detail.contains(limit) == true)
        }
        #expect(try terms("key=" + String(repeating: "x", count: 4092)).count == 1)
        #expect(try terms(String(repeating: "key,", count: 15) + "key").count == 16)
        #expect(try terms("key in (" + String(repeating: "x,", count: 63) + "x)").count == 1)
        #expect(try terms("value" + String(repeating: ".a", count: 16)).count == 1)
    }

    @Test func randomTextIsReadOrRefusedWithAPlaceInside() {
        let parts = [
            "key", "headers", "value", ".", "a", "=", "==", "!=", "^=", "!", "^", "in", "notin", "(", ")", ",", " ",
            "\"", "'", "\\",
            "😀", "é", "\u{0}", "\n", "1.5e3", "null", "~", "<", "\u{301}",
        ]
        var random = SystemRandomNumberGenerator()
        var readCount = 0
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...12)).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
            do throws(Problem) {
                _ = try FilterParser.parse(text, limits: Limits())
                readCount += 1
            } catch {
                guard case .integer(let position)? = error.members.first(where: { $0.name == "position" })?.value else {
                    return #expect(Bool(false), "no position: \(text)")
                }
                #expect((0...Int64(text.unicodeScalars.count)).contains(position), "\(text)")
            }
        }
        #expect(readCount > 0)
    }

    @Test(
        arguments: [
            ("", 0), ("a", 0), ("/a,", 3), ("/a,,/b", 3), ("/a, /b", 3), ("/a~2", 3), ("/é~", 3), ("\"/a", 0),
            ("\"/a\"x", 4),
            ("/a,\"\"", 4), ("/é,/b~x", 6),
        ] as [(String, Int)]
    )
    func aListOfFieldsTellsWhereItGoesWrong(_ text: String, _ position: Int) {
        let problem = #expect(throws: Problem.self) { try FieldList.parse(text, limits: Limits()) }
        #expect(problem?.code == .invalidFields)
        #expect(problem?.detail.hasPrefix("fields, character \(position): ") == true, "\(problem?.detail ?? "")")
    }

    @Test func aListOfFieldsHasLimits() throws {
        let cases: [(String, String)] = [
            ("/" + String(repeating: "x", count: 4096), "fieldsBytesMax"),
            (String(repeating: "/a,", count: 64) + "/a", "fieldsMax"),
            (String(repeating: "/a", count: 17), "pathDepthMax"),
        ]
        for (text, limit) in cases {
            let problem = #expect(throws: Problem.self) { try FieldList.parse(text, limits: Limits()) }
            #expect(problem?.code == .fieldsTooLarge)
            #expect(problem?.detail.contains(limit) == true)
        }
        _ = try FieldList.parse(String(repeating: "/a,", count: 63) + "\"/a,b\"", limits: Limits())
    }
}
