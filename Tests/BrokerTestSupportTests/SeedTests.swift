import BrokerTestSupport
import Testing

@Suite struct SeedTests {
    /// The numbers of the reference implementation (Vigna, splitmix64.c) for seed 1234567.
    @Test func theSequenceIsThatOfTheReference() {
        var random = SplitMix64(seed: 1_234_567)
        let numbers = (0..<5).map { _ in random.next() }
        #expect(
            numbers == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ]
        )
    }

    @Test func bytesAndBoundsHoldTheirSizes() {
        var random = SplitMix64(seed: 1)
        let sizes = [0, 1, 8, 13].map { random.bytes($0).count }
        #expect(sizes == [0, 1, 8, 13])
        let numbers = (0..<1000).map { _ in random.below(7) }
        #expect(Set(numbers) == Set(0..<7))
        let chances = [0, 100].map { random.chance(percent: $0) }
        #expect(chances == [false, true])
    }
}
