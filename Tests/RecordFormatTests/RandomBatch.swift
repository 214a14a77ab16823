import NIOCore
import RecordFormat

extension SeededGenerator {
    /// A record with any of its parts missing, empty or there.
    mutating func record(_ index: Int) -> DecodedRecord {
        DecodedRecord(
            offset: Offset(Int64(index)),
            timestamp: Timestamp(millisecondsSinceEpoch: Int64.random(in: -(1 << 45)...(1 << 45), using: &self)),
            key: optionalBytes(80),
            value: optionalBytes(300),
            headers: (0..<Int.random(in: 0...4, using: &self)).map { _ in
                RecordHeader(name: optionalBytes(70) ?? ByteBuffer(), value: optionalBytes(200))
            }
        )
    }

    /// A dense batch of random records at a random place in a log, from a random producer, with any codec and flag.
    mutating func batch(countMax: Int = 60) throws -> RecordBatch {
        let count = Int.random(in: 1...countMax, using: &self)
        var builder = RecordBatchBuilder(isJSON: chance(4))
        for index in 0..<count { builder.append(record(index)) }
        var batch = try builder.finish(codec: chance(3) ? .gzip : .none)
        batch.stamp(baseOffset: Offset(Int64.random(in: 0...1 << 50, using: &self)), leaderEpoch: LeaderEpoch(5))
        if chance(2) {
            batch = batch.stamping(producerID: 1 << 62 + 1, epoch: 2, sequence: Int32.random(in: 0...99, using: &self))
        }
        guard chance(8) else { return batch }
        var bytes = batch.bytes.array
        bytes[22] |= UInt8(BatchAttributes.logAppendTime.rawValue)
        return try RecordBatch(verifying: resealed(bytes))
    }

    /// True once in `times`.
    mutating func chance(_ times: UInt64) -> Bool {
        next().isMultiple(of: times)
    }

    private mutating func optionalBytes(_ countMax: Int) -> ByteBuffer? {
        guard !chance(4) else { return nil }
        return ByteBuffer(bytes: bytes(Int.random(in: 0...countMax, using: &self)))
    }
}
