import NIOCore
import RecordFormat

/// Where a run of the directory began to append to a partition: the leader epoch, and the first offset that carries it.
///
/// ```
///  0  4  leader epoch
///  4  8  first offset
/// ```
public struct EpochStart: Hashable, Sendable {
    /// The run's number.
    public let epoch: LeaderEpoch
    /// The first offset that carries it.
    public let first: Offset

    func encode(into buffer: inout ByteBuffer) {
        buffer.writeMultipleIntegers(epoch.value, first.value)
    }

    init(epoch: LeaderEpoch, first: Offset) {
        self.epoch = epoch
        self.first = first
    }

    init?(decoding buffer: inout ByteBuffer) {
        guard let (epoch, first) = buffer.readMultipleIntegers(as: (Int32, Int64).self), first >= 0 else { return nil }
        self.init(epoch: LeaderEpoch(epoch), first: Offset(first))
    }
}

extension [EpochStart] {
    /// Adds an epoch unless it began before.
    mutating func note(_ epoch: LeaderEpoch, first: Offset) {
        guard (last?.epoch.value ?? .min) < epoch.value else { return }
        append(EpochStart(epoch: epoch, first: first))
    }
}
