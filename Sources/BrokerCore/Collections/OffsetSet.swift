import RecordFormat

/// A set of offsets, in order: runs of at most 1024, in each of which an offset takes four bytes.
///
/// What it costs is bounded by how many offsets there are, however far apart they lie: 4 to 11 bytes each. A run that was
/// filled in order is full; two neighbours that have become smaller than three quarters of one together are made one.
struct OffsetSet: Sendable {
    private struct Run {
        /// Below all of its offsets, or the first of them.
        private(set) var base: Int64
        /// How far behind the base they stand, rising; never empty.
        private(set) var distances: [UInt32]

        init(_ offset: Int64) {
            (base, distances) = (offset, [0])
        }

        init(base: Int64, _ distances: [UInt32]) {
            (self.base, self.distances) = (base, distances)
        }

        var first: Int64 { base + Int64(distances[0]) }
        var last: Int64 { base + Int64(distances[distances.count - 1]) }

        /// The place of the first offset at or behind one.
        func place(from offset: Int64) -> Int {
            guard offset <= last else { return distances.count }
            var (low, high) = (0, distances.count)
            while low < high {
                let middle = (low + high) / 2
                if base + Int64(distances[middle]) < offset { low = middle + 1 } else { high = middle }
            }
            return low
        }

        subscript(place: Int) -> Int64 { base + Int64(distances[place]) }

        /// Whether an offset lies near enough to the others.
        func reaches(_ offset: Int64) -> Bool {
            max(last, offset) - min(base, offset) <= Int64(UInt32.max)
        }

        /// Adds an offset that it reaches; false when it is there.
        mutating func insert(_ offset: Int64) -> Bool {
            if offset < base { move(to: offset) }
            let place = place(from: offset)
            guard place == distances.count || self[place] != offset else { return false }
            // Left to itself an array would take room for twice as many as ever come.
            if distances.count == distances.capacity {
                distances.reserveCapacity(min(OffsetSet.runMax, 2 * distances.count))
            }
            distances.insert(UInt32(offset - base), at: place)
            return true
        }

        mutating func remove(at place: Int) {
            distances.remove(at: place)
        }

        mutating func removeFirst(_ count: Int) {
            distances.removeFirst(count)
        }

        /// Takes over a neighbour behind it that it reaches.
        mutating func append(_ next: Run) {
            distances += next.distances.map { UInt32(next.base + Int64($0) - base) }
        }

        /// Keeps the first half, and gives the second.
        mutating func split() -> Run {
            let half = distances.count / 2
            let start = self[half]
            let rest = distances[half...].map { UInt32(base + Int64($0) - start) }
            distances = Array(distances[..<half])
            return Run(base: start, rest)
        }

        private mutating func move(to base: Int64) {
            let shift = UInt32(self.base - base)
            for place in distances.indices { distances[place] += shift }
            self.base = base
        }

        var count: Int { distances.count }
        var bytes: Int { distances.capacity * MemoryLayout<UInt32>.stride + OffsetSet.arrayHeadBytes }
    }

    /// The most offsets of one run: so many are moved at most when one is put between them.
    private static let runMax = 1024
    private static let arrayHeadBytes = 32

    private var runs: [Run] = []
    /// How many offsets there are.
    private(set) var count = 0

    init() {}

    /// The set of offsets that rise.
    init(rising offsets: [Int64]) {
        for offset in offsets {
            if let last = runs.indices.last, runs[last].count < Self.runMax, runs[last].reaches(offset) {
                _ = runs[last].insert(offset)
            } else {
                runs.append(Run(offset))
            }
        }
        count = offsets.count
    }

    /// All that it has allocated; goes over all runs.
    var bytes: ByteCount {
        ByteCount(runs.reduce(runs.capacity * MemoryLayout<Run>.stride) { $0 + $1.bytes })
    }

    /// Adds an offset; most come behind all others, which costs nothing else.
    mutating func insert(_ offset: Offset) {
        let offset = offset.value
        guard let index = index(for: offset) else { return start(offset, at: 0) }
        guard runs[index].reaches(offset) else {
            return start(offset, at: offset < runs[index].base ? index : index + 1)
        }
        if runs[index].count == Self.runMax {
            if index == runs.count - 1, offset > runs[index].last { return start(offset, at: runs.count) }
            let second = runs[index].split()
            runs.insert(second, at: index + 1)
        }
        // A split may have put the offset's place into the second half.
        let target = self.index(for: offset) ?? index
        if runs[target].insert(offset) { count += 1 }
    }

    /// Takes an offset out.
    mutating func remove(_ offset: Offset) {
        guard let index = index(for: offset.value) else { return }
        let place = runs[index].place(from: offset.value)
        guard place < runs[index].count, runs[index][place] == offset.value else { return }
        count -= 1
        if runs[index].count == 1 {
            runs.remove(at: index)
        } else {
            runs[index].remove(at: place)
            joinNeighbours(of: index)
        }
    }

    /// Takes out all offsets below one.
    mutating func removeAll(below start: Offset) {
        let whole = runs.firstIndex { $0.last >= start.value } ?? runs.count
        count -= runs[..<whole].reduce(0) { $0 + $1.count }
        runs.removeFirst(whole)
        guard !runs.isEmpty else { return }
        let rest = runs[0].place(from: start.value)
        runs[0].removeFirst(rest)
        count -= rest
    }

    /// The first offset at or behind one.
    func next(from start: Offset) -> Offset? {
        guard let index = index(for: start.value) else { return nil }
        let place = runs[index].place(from: start.value)
        if place < runs[index].count { return Offset(runs[index][place]) }
        return index + 1 < runs.count ? Offset(runs[index + 1].first) : nil
    }

    private mutating func start(_ offset: Int64, at index: Int) {
        runs.insert(Run(offset), at: index)
        count += 1
    }

    /// Makes one run of two that are small.
    private mutating func joinNeighbours(of index: Int) {
        for first in [index, index - 1] where first >= 0 && first + 1 < runs.count {
            let small = runs[first].count + runs[first + 1].count <= Self.runMax * 3 / 4
            guard small, runs[first].reaches(runs[first + 1].last) else { continue }
            let second = runs.remove(at: first + 1)
            runs[first].append(second)
            return
        }
    }

    /// The last run that does not begin behind an offset, else the first; nil when there is none.
    private func index(for offset: Int64) -> Int? {
        guard let last = runs.last else { return nil }
        guard last.base > offset else { return runs.count - 1 }
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].base <= offset { low = middle + 1 } else { high = middle }
        }
        return max(low - 1, 0)
    }
}
