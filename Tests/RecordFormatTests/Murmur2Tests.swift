import RecordFormat
import Testing

@Suite struct Murmur2Tests {
    /// Apache Kafka, UtilsTest.testMurmur2.
    @Test(
        arguments: [
            ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
        ] as [(String, Int32)]
    )
    func kafkasVectors(text: String, hash: Int32) {
        #expect(Array(text.utf8).withUnsafeBytes(Murmur2.hash) == hash)
    }

    @Test func thePartitionIsThePositiveHashModuloTheCount() {
        let key = Array("foobar".utf8)
        let positive = Int32(-790_332_482) & Int32.max
        for count in [1, 2, 3, 7, 12, 10_000] as [Int32] {
            #expect(key.withUnsafeBytes { Murmur2.partition(key: $0, count: count) }.value == positive % count)
        }
    }

    @Test func anEmptyKeyHasAPartition() {
        #expect(Murmur2.partition(key: UnsafeRawBufferPointer(start: nil, count: 0), count: 1) == .zero)
    }
}
