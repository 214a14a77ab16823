import DequeModule
import RecordFormat

/// For each record of a stretch of a log without holes, how far back the version before it stands: four bytes a record.
struct VersionHistory: Sendable {
    /// The record of the same key before a record.
    enum Version: Hashable, Sendable {
        /// There was none, or it was a tombstone.
        case nothing
        /// It stands here.
        case at(Offset)
    }

    /// The first record whose version before is known.
    private(set) var floor: Offset
    private var distances: Deque<UInt32> = []
    private let recordsMax: Int

    /// A history that begins at an offset.
    init(from floor: Offset, recordsMax: Int) {
        self.floor = floor
        self.recordsMax = max(recordsMax, 1)
    }

    /// The same history as one that was written down, distance by distance.
    init(from floor: Offset, distances: Deque<UInt32>, recordsMax: Int) {
        self.init(from: floor, recordsMax: recordsMax)
        self.distances = distances
        let surplus = distances.count - self.recordsMax
        if surplus > 0 { raiseFloor(to: floor.advanced(by: surplus)) }
    }

    /// Of how many records the version before is known.
    var count: Int { distances.count }

    /// All that it has allocated, but for a part that a deque leaves unused.
    var bytes: ByteCount { ByteCount(distances.count * MemoryLayout<UInt32>.stride) }

    /// Goes over the distances, from the floor on; 0 where there was no version before.
    func forEachDistance<Failure: Error>(_ body: (UInt32) throws(Failure) -> Void) throws(Failure) {
        for distance in distances { try body(distance) }
    }

    /// Where the next record goes.
    var end: Offset { floor.advanced(by: distances.count) }

    /// Notes the version before the next record.
    mutating func append(_ previous: Version) {
        if distances.count == recordsMax { raiseFloor(to: floor.advanced(by: 1)) }
        switch previous {
        case .nothing: distances.append(0)
        case .at(let offset):
            // Four billion records apart: nobody who watches from before this one can be told of it.
            guard let distance = UInt32(exactly: end - offset) else { return restart(at: end.advanced(by: 1)) }
            distances.append(distance)
        }
    }

    /// The version before a record; nil where it is not known.
    func previous(of offset: Offset) -> Version? {
        guard offset >= floor, offset < end else { return nil }
        let distance = distances[Int(offset - floor)]
        return distance == 0 ? .nothing : .at(Offset(offset.value - Int64(distance)))
    }

    /// Forgets what lies below an offset.
    mutating func raiseFloor(to offset: Offset) {
        guard offset > floor else { return }
        distances.removeFirst(min(Int(offset - floor), distances.count))
        floor = offset
    }

    /// Begins anew behind what is lost.
    mutating func restart(at offset: Offset) {
        distances.removeAll()
        floor = offset
    }
}
