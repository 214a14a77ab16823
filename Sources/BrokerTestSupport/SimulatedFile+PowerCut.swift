/// What a power cut keeps of everything that was not flushed.
public enum SimulatedPowerCut: Hashable, Sendable {
    /// Drawn from the seed: each block, size and name on its own, with the odds themselves drawn too, so that cuts that keep
    /// nearly everything, and nearly nothing, come up as often as mixtures.
    case drawn
    /// Nothing.
    case losesAll
    /// Everything.
    case keepsAll
}

extension SimulatedFile {
    /// Becomes what is found after a power cut.
    mutating func cutPower(_ cut: SimulatedPowerCut, _ random: inout SplitMix64) {
        let odds = Odds(cut, &random)
        var content = durable
        // Dictionaries have another order in each process: sorted, or the seed would not bring the cut back.
        for index in doomed.union(unflushed).union(dirty.keys).sorted() {
            content[index] = survivor(of: index, odds, &random)
        }
        let size = odds.size(durableSize, unflushedSizes, &random)
        content.cut(to: size)
        settle(content, size: size)
    }

    private func survivor(of index: Int, _ odds: Odds, _ random: inout SplitMix64) -> SimulatedBlock {
        let old = durable[index]
        let isInDevice = unflushed.contains(index) || doomed.contains(index)
        let isInCache = dirty[index] != nil || doomed.contains(index)
        var new = isInCache ? cached[index] : device[index]
        if isInDevice, isInCache, odds.isDrawn, random.chance(percent: 25) { new = device[index] }
        if dirty[index] == .cut, !isInDevice { return odds.keeps(&random) ? new : old }
        return odds.block(old: old, new: new, &random)
    }

    /// How likely what is not flushed survives, drawn once for each file and cut.
    private struct Odds {
        /// How often a block is wholly new, in percent; of the others most are wholly old.
        let newPercent: Int
        /// How often a block is neither, in percent.
        let damagedPercent: Int
        let isDrawn: Bool

        init(_ cut: SimulatedPowerCut, _ random: inout SplitMix64) {
            isDrawn = cut == .drawn
            switch cut {
            case .losesAll: (newPercent, damagedPercent) = (0, 0)
            case .keepsAll: (newPercent, damagedPercent) = (100, 0)
            case .drawn: (newPercent, damagedPercent) = Self.choices[random.below(Self.choices.count)]
            }
        }

        private static let choices = [(0, 0), (100, 0), (90, 5), (50, 0), (50, 50), (10, 5), (35, 60)]

        func keeps(_ random: inout SplitMix64) -> Bool {
            isDrawn ? random.chance(percent: newPercent) : newPercent == 100
        }

        func size(_ durable: UInt64, _ later: [UInt64], _ random: inout SplitMix64) -> UInt64 {
            guard let last = later.last else { return durable }
            guard isDrawn else { return newPercent == 100 ? last : durable }
            switch random.below(10) {
            case 0..<4: return durable
            case 4..<8: return last
            default: return later[random.below(later.count)]
            }
        }

        func block(old: SimulatedBlock, new: SimulatedBlock, _ random: inout SplitMix64) -> SimulatedBlock {
            guard isDrawn else { return newPercent == 100 ? new : old }
            guard random.chance(percent: damagedPercent) else { return keeps(&random) ? new : old }
            switch random.below(6) {
            case 0: return .zero
            case 1: return SimulatedBlock(random.bytes(SimulatedBlock.size))
            case 2: return torn(old, new, at: 1 + random.below(7), isNewFirst: true)
            case 3: return torn(old, new, at: 1 + random.below(7), isNewFirst: false)
            default: return mixed(old, new, &random)
            }
        }

        /// The first sectors of one, the rest of the other.
        private func torn(
            _ old: SimulatedBlock,
            _ new: SimulatedBlock,
            at sector: Int,
            isNewFirst: Bool
        ) -> SimulatedBlock {
            let place = sector * SimulatedBlock.sectorSize
            let (first, second) = isNewFirst ? (new, old) : (old, new)
            return SimulatedBlock(Array(first.bytes[..<place] + second.bytes[place...]))
        }

        /// Each sector old, new, zero or garbage.
        private func mixed(
            _ old: SimulatedBlock,
            _ new: SimulatedBlock,
            _ random: inout SplitMix64
        ) -> SimulatedBlock {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(SimulatedBlock.size)
            for start in stride(from: 0, to: SimulatedBlock.size, by: SimulatedBlock.sectorSize) {
                let sector = start..<start + SimulatedBlock.sectorSize
                switch random.below(6) {
                case 0, 1: bytes += old.bytes[sector]
                case 2, 3: bytes += new.bytes[sector]
                case 4: bytes += [UInt8](repeating: 0, count: sector.count)
                default: bytes += random.bytes(sector.count)
                }
            }
            return SimulatedBlock(bytes)
        }
    }
}
