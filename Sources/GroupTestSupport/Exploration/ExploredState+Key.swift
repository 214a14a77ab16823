import GroupCoordination
import RecordFormat

/// Which states are one: those that differ only in names and in absolute times.
///
/// Clients that are alike may change places, and so may partitions; epochs count only as the present one or an older one.
/// Ties are broken by order in the machine (who gets the odd partition), so that two states that are one here may go on
/// in ways that are one only up to such a choice.
extension ExploredState {
    /// The same for states that are one.
    func key(permutations: [[Int]]) -> UInt128 {
        let snapshot = shard.snapshot(Self.group)
        let members = clients.map { clientBits($0, snapshot) }
        let partitions = (0..<clients[0].believed.count).map { PartitionBits($0, self, snapshot) }
        var least: [UInt64] = []
        for permutation in permutations {
            var bits = permutation.map { members[$0] }
            bits += partitions.map { $0.bits(permutation) }.sorted()
            if least.isEmpty || bits.lexicographicallyPrecedes(least) { least = bits }
        }
        let shared = UInt64(Self.age(snapshot?.reconcileAt.map { $0 - time })) | (snapshot == nil ? 1 << 8 : 0)
        return Self.hash(least + [shared])
    }

    private func clientBits(_ client: Client, _ snapshot: GroupSnapshot?) -> UInt64 {
        guard let id = client.member else { return 0 }
        var bits: UInt64 = 1 | (client.connection == nil ? 0 : 2) | (client.instance == nil ? 0 : 4)
        guard let member = snapshot?.members.first(where: { $0.id == id }) else { return bits }
        bits |= 8
        if member.isGone { bits |= 16 }
        if member.isRecovered { bits |= 32 }
        if member.isStalled { bits |= 64 }
        if member.isUnannounced { bits |= 128 }
        if member.connection != nil { bits |= 256 }
        if member.connection == client.connection { bits |= 512 }
        if unseen.contains(id) { bits |= 1024 }
        if oracle.absentSince[id] != nil { bits |= 2048 }
        bits |= UInt64(Self.age(member.sessionDeadline.map { $0 - time })) << 16
        bits |= UInt64(Self.age(min(time - member.seenAt, oracle.commitTimeout))) << 24
        return bits
    }

    /// A partition: what is the same whatever clients are called, and what is not.
    private struct PartitionBits {
        let shared: UInt64
        /// For each client whether it holds the partition, and what it believes.
        var clients: [UInt64] = [0, 0, 0]

        init(_ index: Int, _ state: ExploredState, _ snapshot: GroupSnapshot?) {
            guard let snapshot, index < snapshot.partitions.count else {
                shared = 0
                return
            }
            let partition = snapshot.partitions[index]
            var bits = UInt64(partition.phase.rawValue)
            bits |= UInt64(partition.committed.map { $0.value + 1 } ?? 0) << 2
            bits |= UInt64(partition.delivered.map { $0.value + 1 } ?? 0) << 5
            bits |= UInt64(age(partition.leaseStart.map { state.time - $0 })) << 8
            if partition.isWarned { bits |= 1 << 14 }
            if partition.isSeenWhole { bits |= 1 << 15 }
            if partition.isAwaitingRedelivery { bits |= 1 << 16 }
            if let watched = state.oracle.watched[ExploredState.partition(index)] {
                bits |= UInt64(watched.delivered.value + 1) << 30
                if watched.isBack { bits |= 1 << 42 }
            }
            shared = bits
            for (place, client) in state.clients.enumerated() {
                if let holder = partition.holder, client.member == holder { clients[place] |= 1 }
                guard let believed = client.believed[index] else { continue }
                clients[place] |= believed == partition.epoch ? 4 : 2
            }
        }

        func bits(_ permutation: [Int]) -> UInt64 {
            var bits = shared
            for (place, client) in permutation.enumerated() { bits |= clients[client] << UInt64(17 + 3 * place) }
            return bits
        }
    }

    /// A span in units, at most 6 bits; 0 where there is none.
    fileprivate static func age(_ span: Int64?) -> UInt8 {
        guard let span else { return 0 }
        return UInt8(clamping: min(62, max(0, span / ExplorationTimes.unit)) + 1)
    }

    private static func hash(_ words: [UInt64]) -> UInt128 {
        var (low, high): (UInt64, UInt64) = (0x9E37_79B9_7F4A_7C15, 0xC2B2_AE3D_27D4_EB4F)
        for word in words {
            low = mix(low ^ word)
            high = mix(high &+ word &* 0x1656_67B1_9E37_79F9)
        }
        return UInt128(high) << 64 | UInt128(low)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

/// The times of the search: few, and multiples of one another, so that few differences come about.
enum ExplorationTimes {
    static let unit: Int64 = 1_000
    static let debounce: Int64 = 1_000
    static let session: Int64 = 2_000
    static let commit: Int64 = 4_000

    static func apply(to configuration: inout GroupConfiguration) {
        configuration.joinDebounceMilliseconds = debounce
        configuration.firstJoinDebounceMilliseconds = 0
        configuration.sessionTimeoutMilliseconds = session
        configuration.commitTimeoutMilliseconds = commit
        // What explains, and decides nothing, is left out.
        configuration.rebalancesPerGroupMax = 0
    }
}
