import BrokerCore
import NIOCore
import RecordFormat
import Testing

@testable import BrokerAPI

/// Selectors of labels and fields: what they mean, and what they refuse.
@Suite struct SelectorTests {
    private func item(_ key: String, _ value: String?, _ labels: [String: String] = [:], isJSON: Bool = true) throws
        -> CollectionItem
    {
        CollectionItem(
            partition: TopicPartition(try TopicName(validating: "prices"), PartitionIndex(0)),
            record: DecodedRecord(
                timestamp: .epoch,
                key: ByteBuffer(string: key),
                value: value.map { ByteBuffer(string: $0) },
                headers: labels.map {
                    RecordHeader(name: ByteBuffer(string: "label.\($0)"), value: ByteBuffer(string: $1))
                }
            ),
            isJSON: isJSON,
            created: .epoch
        )
    }

    private func matches(labels: String, _ item: CollectionItem) throws -> Bool {
        let terms = try LabelSelectorParser.parse(labels, limits: Limits())
        return ItemSelector(labels: terms, fields: [], jsonDepthMax: 512)?.matches(item) ?? true
    }

    private func matches(fields: String, _ item: CollectionItem) throws -> Bool {
        let constants = ["metadata.namespace": "default"]
        let terms = try FieldSelectorParser.parse(fields, constants: constants, limits: Limits())
        return ItemSelector(labels: [], fields: terms, jsonDepthMax: 512)?.matches(item) ?? true
    }

    @Test(
        arguments: [
            ("", true), ("  ", true), ("tier=gold", true), ("tier==gold", true), ("tier = gold", true),
            ("tier=silver", false), ("tier!=gold", false), ("tier!=silver", true), ("none!=x", true), ("none=x", false),
            ("tier", true), ("none", false), ("!tier", false), ("! none", true), ("empty=", true), ("empty", true),
            ("tier=", false), ("none=", false), ("tier in (silver, gold)", true), ("tier in (silver)", false),
            ("tier notin (silver)", true), ("tier notin (gold,x)", false), ("none notin (a)", true),
            ("none in (a)", false), ("empty in ()", true), ("empty in (a,)", true), ("tier in ()", false),
            ("tier=gold,zone=eu-1", true), ("tier=gold,zone=us", false), ("tier in (gold),!none,zone!=us", true),
            ("app.io/name=x_y.z", true), ("in in (in)", true), ("\"a b\"=\"c,d\"", true), ("TIER", false),
            ("n>2", true), ("n > 17", false), ("n<18", true), ("n<17", false), ("n>-1,n<100", true), ("none>0", false),
            ("none<0", false), ("tier>0", false), ("tier<0", false), ("empty<1", false), ("n>\"2\"", true),
            ("n<9223372036854775807", true),
        ]
    )
    func labelsAreThoseOfKubernetes(_ selector: String, _ expected: Bool) throws {
        let labels = [
            "tier": "gold", "zone": "eu-1", "empty": "", "app.io/name": "x_y.z", "in": "in", "a b": "c,d",
            "n": "17",
        ]
        #expect(try matches(labels: selector, try item("k", "1", labels)) == expected)
    }

    @Test(
        arguments: [
            ("", true), ("metadata.name=k=1", nil), ("metadata.name=k1", true), ("metadata.name==k1", true),
            ("metadata.name!=k1", false), ("metadata.name!=k2", true), ("value.state=paid", true),
            ("value.state=open", false), ("value.state!=open", true), ("value.amount=12", true),
            ("value.amount=12.0", true), ("value.amount=\"12\"", false), ("value.customer.name=Ann", true),
            ("value.customer=Ann", false), ("value.none=x", false), ("value.none!=x", true), ("value.list.1=b", true),
            ("value.ok=true", true), ("value.gone=null", true), ("value.\"a.b\"=1", true), ("value.eq=a\\=b", true),
            ("value.comma=a\\,b,value.ok=true", true), ("value.state=paid,value.ok=false", false),
            ("value.spaced=a b", true), ("value.void=", true), ("value.state=", false),
            ("metadata.namespace=default", true), ("metadata.namespace!=default", false),
        ] as [(String, Bool?)]
    )
    func fieldsAreThoseOfTheItem(_ selector: String, _ expected: Bool?) throws {
        let value =
            #"{"state":"paid","amount":12.0,"customer":{"name":"Ann"},"list":["a","b"],"ok":true,"gone":null,"#
            + #""a.b":1,"eq":"a=b","comma":"a,b","spaced":"a b","void":""}"#
        let item = try item("k1", value)
        guard let expected else {
            #expect(throws: Problem.self) { try matches(fields: selector, item) }
            return
        }
        #expect(try matches(fields: selector, item) == expected)
    }

    @Test func aValueThatIsNoObjectHasNoFields() throws {
        for value in ["7", "[1]", "\"x\"", "null"] {
            #expect(try !matches(fields: "value.x=1", try item("k", value)))
            #expect(try matches(fields: "value.x!=1", try item("k", value)))
        }
        #expect(try matches(fields: "value=7", try item("k", "7")))
        #expect(try !matches(fields: "value.x=1", try item("k", "no JSON", isJSON: false)))
        #expect(try matches(fields: "value.x!=1", try item("k", "no JSON", isJSON: false)))
        #expect(try matches(fields: "value.x=1", try item("k", " {\"x\":\n1}", isJSON: false)))
        #expect(try !matches(fields: "value.x!=1", try item("k", nil)))
    }

    @Test(
        arguments: [
            (",", 0), ("a,", 2), ("a b", 2), ("a=b c", 4), ("a>b", 2), ("a<", 2), ("a>9223372036854775808", 2),
            ("a>1.5", 2), ("a>=1", 2), ("''=1", 0), ("a in b", 5), ("a in (b", 7), ("a in (b c)", 8),
            ("!", 1), ("=a", 0), ("a!b", 2), ("a=b,,c", 4), ("a in (b))", 8), ("'a", 0),
        ]
    )
    func aLabelSelectorThatIsNoneTellsWhere(_ text: String, _ position: Int) {
        let problem = #expect(throws: Problem.self) { try LabelSelectorParser.parse(text, limits: Limits()) }
        #expect(problem?.code == .invalidSelector)
        #expect(
            problem?.detail.hasPrefix("labelSelector, character \(position): ") == true,
            "\(text): \(problem as Any)"
        )
    }

    @Test(
        arguments: [
            ("spec.x=1", 0), ("metadata.name", 13), ("metadata.name in (a)", 14), ("value.x=a=b", 9), ("value.=1", 6),
            ("value.x=1,", 10), ("value.x=a\\b", 10), ("valuex=1", 0), ("metadata.names=a", 0), ("value.x!1", 8),
        ]
    )
    func aFieldSelectorThatIsNoneTellsWhere(_ text: String, _ position: Int) {
        let problem = #expect(throws: Problem.self) { try FieldSelectorParser.parse(text, limits: Limits()) }
        #expect(problem?.code == .invalidSelector)
        #expect(
            problem?.detail.hasPrefix("fieldSelector, character \(position): ") == true,
            "\(text): \(problem as Any)"
        )
    }

    @Test(
        arguments: [
            (String(repeating: "a,", count: 32) + "a", "selectorTermsMax"),
            ("a in (" + String(repeating: "x,", count: 256) + "x)", "selectorSetElementsMax"),
            (String(repeating: "x", count: 4097), "selectorBytesMax"),
        ]
    )
    func aSelectorHasItsBounds(_ text: String, _ limit: String) {
        let problem = #expect(throws: Problem.self) { try LabelSelectorParser.parse(text, limits: Limits()) }
        #expect(problem?.code == .selectorTooLarge && problem?.detail.contains(limit) == true)
    }

    @Test func aPathHasItsBound() {
        let text = "value" + String(repeating: ".x", count: 17) + "=1"
        let problem = #expect(throws: Problem.self) { try FieldSelectorParser.parse(text, limits: Limits()) }
        #expect(problem?.code == .selectorTooLarge && problem?.detail.contains("pathDepthMax") == true)
    }
}
