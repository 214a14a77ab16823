import RecordFormat
import Testing

@Suite struct NameTests {
    static let allowed = [
        "a", "orders", "A.b_c-9", "...", ".a", "-", "_", "_x", "a__b", String(repeating: "n", count: 249),
    ]
    static let refused = [
        "", ".", "..", "a/b", "a b", "a\n", "a\u{0}", "é", "e\u{301}", "日本", "a%2Fb", "a:b", "a,b", "a\\b",
        String(repeating: "n", count: 250),
    ]

    @Test(arguments: allowed) func allowedNames(name: String) throws {
        #expect(try TopicName(validating: name).name == name)
        #expect(try GroupName(validating: name).name == name)
        #expect(try Namespace(validating: name).value == name)
        #expect(try !TopicName(validating: name).isInternal)
    }

    @Test(arguments: refused) func refusedNames(name: String) {
        for check in [
            { _ = try TopicName(validating: name) }, { _ = try GroupName(validating: name) },
            { _ = try Namespace(validating: name) }, { _ = try TopicName(validatingStored: name) },
        ] as [() throws -> Void] {
            let error = #expect(throws: NameError.self) { try check() }
            #expect(error?.name == name)
            #expect(error?.description.contains("1 to 249") == true)
        }
    }

    @Test(arguments: ["__x", "__", "__consumer_offsets"]) func theBrokersOwnNames(name: String) throws {
        #expect(throws: NameError.self) { try TopicName(validating: name) }
        #expect(throws: NameError.self) { try GroupName(validating: name) }
        #expect(throws: NameError.self) { try Namespace(validating: name) }
        #expect(try TopicName(validatingStored: name) == TopicName(internal: name))
        #expect(TopicName(internal: name).isInternal)
        #expect(TopicName(internal: name).namespace == .default)
        #expect(GroupName(internal: name).isInternal)
    }

    @Test func theErrorShowsNoControlCharactersAndNoEndlessName() {
        let long = "\u{1B}[31m" + String(repeating: "x", count: 5000)
        let error = #expect(throws: NameError.self) { try TopicName(validating: long) }
        let text = error?.description ?? ""
        #expect(text.utf8.count < 300)
        #expect(!text.unicodeScalars.contains("\u{1B}"))
    }

    @Test func namesOfDifferentNamespacesDiffer() throws {
        let acme = try Namespace(validating: "acme")
        let ours = try TopicName(validating: "orders")
        let theirs = try TopicName(validating: "orders", in: acme)
        #expect(ours != theirs)
        #expect(ours.namespace.value == "default")
        #expect(ours.description == "orders")
        #expect(theirs.description == "acme/orders")
        #expect(theirs < ours)
        #expect(TopicPartition(theirs, PartitionIndex(3)).description == "acme/orders-3")
        #expect(TopicPartition(ours, .zero) < TopicPartition(ours, PartitionIndex(1)))
    }
}
