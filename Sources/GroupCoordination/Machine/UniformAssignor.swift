/// Decides who gets which partition: sizes differ by at most one, and no more moves than that takes.
///
/// Kafka's homogeneous uniform assignor (KIP-848), without state: each member has a quota, keeps what it holds up to
/// its quota, and the rest is dealt out in turn. The quotas that are larger by one go to those who hold most, which is
/// why a settled assignment is left as it is, and why the number of moves is the least possible.
enum UniformAssignor {
    /// Returns the member of each partition.
    ///
    /// - Parameters:
    ///   - holders: for each partition the index of the member that holds it, or `nil` where nobody does.
    ///   - memberCount: the number of members, at least 1. Where two are equal, the lower index is preferred.
    /// - Complexity: linear in partitions, n log n in members.
    static func assign(holders: [Int?], memberCount: Int) -> [Int] {
        precondition(memberCount > 0, "an assignment needs members")
        var room = quotas(holders: holders, memberCount: memberCount)
        var target = [Int](repeating: -1, count: holders.count)
        for (partition, holder) in holders.enumerated() {
            guard let holder, room[holder] > 0 else { continue }
            target[partition] = holder
            room[holder] -= 1
        }
        var next = 0
        for partition in target.indices where target[partition] < 0 {
            // The quotas sum up to the number of partitions: somebody has room.
            while room[next] == 0 { next = (next + 1) % memberCount }
            target[partition] = next
            room[next] -= 1
            next = (next + 1) % memberCount
        }
        return target
    }

    private static func quotas(holders: [Int?], memberCount: Int) -> [Int] {
        var held = [Int](repeating: 0, count: memberCount)
        for holder in holders {
            if let holder { held[holder] += 1 }
        }
        let (base, extra) = holders.count.quotientAndRemainder(dividingBy: memberCount)
        var quotas = [Int](repeating: base, count: memberCount)
        let byHeld = held.indices.sorted { (-held[$0], $0) < (-held[$1], $1) }
        for member in byHeld.prefix(extra) {
            quotas[member] += 1
        }
        return quotas
    }
}
