import Testing

/// Lists of collections.
@Suite(.timeLimit(.minutes(2))) struct ItemListTests {
    @Test(arguments: [1, 2, 3, 1000])
    func pagesTogetherAreTheWholeList(limit: Int) async throws {
        let test = try await CollectionHarness.start()
        for number in 0..<5 { await test.item(.put, "k\(number)", #"{"value":\#(number)}"#) }
        await test.item(.put, "k1", #"{"value":9}"#)
        await test.item(.delete, "k3")
        let (items, versions) = try await test.list(limit: limit)
        #expect(items == ["k0=integer(0)", "k2=integer(2)", "k4=integer(4)", "k1=integer(9)"])
        #expect(versions.count == 1)
    }

    @Test func versionsRiseAlsoWhereTheTopicIsMadeAnew() async throws {
        let test = try await CollectionHarness.start()
        var last = 0
        for _ in 0..<3 {
            for _ in 0..<4 {
                let version = try await test.item(.put, "a", #"{"value":1}"#).json()["metadata"]?["resourceVersion"]
                let number = try #require(version?.string.flatMap { Int($0) })
                #expect(number > last)
                last = number
            }
            let page = try await test.api.send(.get, "/v1/collections/prices").json()
            #expect(page["metadata"]?["resourceVersion"] == .string("\(last)"))
            #expect(await test.api.send(.delete, "/v1/topics/prices").status == 204)
            #expect(await test.api.send(.put, "/v1/topics/prices", #"{"cleanup":"compact"}"#).status == 201)
        }
    }

    @Test func severalPartitionsAreOneList() async throws {
        let test = try await CollectionHarness.start(partitions: 4)
        for number in 0..<12 { await test.item(.put, "k\(number)", #"{"value":\#(number)}"#) }
        let (items, versions) = try await test.list(limit: 5)
        #expect(Set(items) == Set((0..<12).map { "k\($0)=integer(\($0))" }) && items.count == 12)
        #expect(versions.count == 1 && versions.first?.split(separator: ".").count == 4)
    }

    @Test(
        arguments: [
            ("x", 400, "invalid-cursor"), ("1.0", 400, "invalid-cursor"), ("1.-1.0", 400, "invalid-cursor"),
            ("ff.0.0", 410, "list-expired"), ("ff.99.0", 410, "list-expired"),
        ] as [(String, Int, String)]
    )
    func aWrongPlaceIsRefused(_ place: String, _ status: Int, _ code: String) async throws {
        let test = try await CollectionHarness.start()
        await test.item(.put, "a", #"{"value":1}"#)
        let answer = await test.api.send(.get, "/v1/collections/prices?continue=\(place)")
        #expect(answer.status == status && answer.code == code, "\(answer.text)")
    }
}
