import RecordFormat

/// A set of offsets, in order: one bit for each in stretches of 4096, and nothing for stretches without any.
struct OffsetBitmap: Sendable {
    private struct Stretch {
        private(set) var words = [UInt64](repeating: 0, count: OffsetBitmap.wordCount)
        private(set) var count = 0

        /// Sets or clears a bit; answers whether it was the other way before.
        mutating func set(_ bit: UInt64, of word: Int, to isSet: Bool) -> Bool {
            guard (words[word] & bit != 0) != isSet else { return false }
            words[word] ^= bit
            count += isSet ? 1 : -1
            return true
        }
    }

    private static let stretchOffsets: Int64 = 4096
    private static let wordCount = 64

    private var stretches: [Int64: Stretch] = [:]
    /// The numbers of the stretches that have any, rising.
    private var numbers: [Int64] = []
    /// How many offsets there are.
    private(set) var count = 0

    /// Adds an offset; most come behind all others, which costs nothing else.
    mutating func insert(_ offset: Offset) {
        let (number, word, bit) = Self.split(offset)
        if stretches[number] == nil {
            numbers.insert(number, at: firstIndex(from: number))
            stretches[number] = Stretch()
        }
        if stretches[number]?.set(bit, of: word, to: true) == true { count += 1 }
    }

    /// Takes an offset out.
    mutating func remove(_ offset: Offset) {
        let (number, word, bit) = Self.split(offset)
        guard stretches[number]?.set(bit, of: word, to: false) == true else { return }
        count -= 1
        if stretches[number]?.count == 0 { drop(number) }
    }

    /// Takes out all offsets below one.
    mutating func removeAll(below start: Offset) {
        while let first = next(from: .zero), first < start {
            let (number, _, _) = Self.split(first)
            if (number + 1) * Self.stretchOffsets <= start.value {
                count -= stretches[number]?.count ?? 0
                drop(number)
            } else {
                remove(first)
            }
        }
    }

    /// Whether an offset is in the set.
    func contains(_ offset: Offset) -> Bool {
        let (number, word, bit) = Self.split(offset)
        return stretches[number].map { $0.words[word] & bit != 0 } ?? false
    }

    /// The first offset at or behind one.
    func next(from start: Offset) -> Offset? {
        let (first, word, bit) = Self.split(max(start, .zero))
        var mask = ~(bit &- 1)
        var firstWord = word
        for number in numbers[firstIndex(from: first)...] {
            if number != first { (firstWord, mask) = (0, ~0) }
            guard let words = stretches[number]?.words else { continue }
            for place in firstWord..<Self.wordCount {
                let found = words[place] & mask
                mask = ~0
                if found != 0 {
                    return Offset(number * Self.stretchOffsets + Int64(place * 64 + found.trailingZeroBitCount))
                }
            }
        }
        return nil
    }

    private mutating func drop(_ number: Int64) {
        stretches[number] = nil
        numbers.remove(at: firstIndex(from: number))
    }

    /// The place of the first stretch at or behind a number.
    private func firstIndex(from number: Int64) -> Int {
        guard let last = numbers.last, last >= number else { return numbers.count }
        var (low, high) = (0, numbers.count)
        while low < high {
            let middle = (low + high) / 2
            if numbers[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func split(_ offset: Offset) -> (number: Int64, word: Int, bit: UInt64) {
        let (number, rest) = offset.value.quotientAndRemainder(dividingBy: stretchOffsets)
        return (number, Int(rest) / 64, 1 << UInt64(rest % 64))
    }
}
