import JSONBytes
import Testing

@Suite struct JSONKnownNamesTests {
    @Test func tellsKnownRepeatedAndUnknownNames() {
        var names = JSONKnownNames(["records", "key"])
        #expect(take(&names, "key") == .known(1))
        #expect(names.hasTaken(1) && !names.hasTaken(0))
        #expect(take(&names, "keys") == .unknown)
        #expect(take(&names, "") == .unknown)
        #expect(take(&names, #"r\u0065cords"#) == .known(0))
        #expect(take(&names, "records") == .repeated(0))
        #expect(take(&names, #"\u006bey"#) == .repeated(1))
        names.reset()
        #expect(take(&names, "key") == .known(1))
    }

    @Test(
        arguments: [
            ("{}", nil),
            (#"{"a":1,"b":2}"#, nil),
            (#"{"a":{"a":1},"b":{"a":1}}"#, nil),
            (#"{"a":1,"b":2,"a":3}"#, 14),
            (#"{"a":1,"\u0061":2}"#, 8),
            (#"{"\ud800":1,"\uD800":2}"#, 13),
            (#"{"\ud83d\ude00":1,"😀":2}"#, 19),
            (#"{"\ud800":1,"\ud801":2}"#, nil),
            (#"{"":1,"":2}"#, 7),
            ("[1,1]", nil),
        ] as [(String, Int?)]
    )
    func findsTheFirstRepeatedName(_ document: String, _ place: Int?) {
        let found = withBytes(document) { JSONObjectNames.firstRepeated(in: $0, object: 0..<$0.count) }
        #expect(found?.lowerBound == place)
    }

    @Test(arguments: [2, 16, 17, 200])
    func findsARepetitionAmongMany(_ count: Int) {
        let fields = (0..<count).map { "\"name\($0)\":\($0)" }
        let without = "{\(fields.joined(separator: ","))}"
        let with = "{\(fields.joined(separator: ",")),\"name\(count - 1)\":0}"
        #expect(withBytes(without) { JSONObjectNames.firstRepeated(in: $0, object: 0..<$0.count) } == nil)
        withBytes(with) { bytes in
            let found = JSONObjectNames.firstRepeated(in: bytes, object: 0..<bytes.count)
            #expect(found.map(bytes.text) == "name\(count - 1)" && found?.lowerBound ?? 0 > without.utf8.count - 1)
        }
    }

    private func take(_ names: inout JSONKnownNames, _ raw: String) -> JSONKnownNames.Match {
        withBytes(raw) { names.take($0) }
    }
}
