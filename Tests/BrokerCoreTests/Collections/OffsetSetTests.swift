import BrokerTestSupport
import RecordFormat
import Testing

@testable import BrokerCore

@Suite struct OffsetSetTests {
    private static func all(_ set: OffsetSet) -> [Int64] {
        var all: [Int64] = []
        var from = Offset.zero
        while let next = set.next(from: from) {
            all.append(next.value)
            from = next.advanced(by: 1)
        }
        return all
    }

    /// Dense and sparse, near the end and far behind each other; added in any order, taken out in any order.
    @Test(arguments: [5000, 1 << 22, 1 << 45] as [Int64])
    func holdsWhatAPlainSetHolds(range: Int64) {
        let seed = Seed.chosen()
        print("holdsWhatAPlainSetHolds: MILLRACE_SEED=\(seed)")
        var random = SplitMix64(seed: seed)
        var (set, plain) = (OffsetSet(), Set<Int64>())
        for step in 0..<6000 {
            let isAdding = Int.random(in: 0..<4, using: &random) < (step < 4000 ? 3 : 1)
            if isAdding {
                let offset = Int64.random(in: 0..<range, using: &random)
                plain.insert(offset)
                set.insert(Offset(offset))
            } else if let offset = plain.randomElement(using: &random) {
                plain.remove(offset)
                set.remove(Offset(offset))
                set.remove(Offset(offset + range))
            }
            if step % 1500 == 1499 {
                #expect(Self.all(set) == plain.sorted(), "MILLRACE_SEED=\(seed)")
                #expect(set.count == plain.count)
            }
        }
        let start = range / 2
        #expect(set.next(from: Offset(start))?.value == plain.filter { $0 >= start }.min())
        set.removeAll(below: Offset(start))
        #expect(Self.all(set) == plain.filter { $0 >= start }.sorted(), "MILLRACE_SEED=\(seed)")
        #expect(Self.all(OffsetSet(rising: plain.sorted())) == plain.sorted())
        for offset in plain { set.remove(Offset(offset)) }
        #expect(set.count == 0 && set.next(from: .zero) == nil)
    }

    /// However far apart offsets lie, and whatever was taken out between them.
    @Test(arguments: [1, 5000, 1 << 20] as [Int64])
    func anOffsetCostsAtMostElevenBytes(distance: Int64) {
        var set = OffsetSet()
        for number in 0..<Int64(16_000) {
            set.insert(Offset(number * distance))
            if number % 1000 == 999, number > 4000 { #expect(set.bytes.value <= set.count * 11) }
        }
        var random = SplitMix64(seed: 1)
        var left = Array(Int64(0)..<16_000)
        left.shuffle(using: &random)
        while left.count > 4000 {
            if let number = left.popLast() { set.remove(Offset(number * distance)) }
            if left.count % 1000 == 0 { #expect(set.bytes.value <= set.count * 11, "\(left.count) are left") }
        }
    }
}
