import BenchSupport

/// The records that are produced: each names its request and its place in it, and can be made again from these.
///
/// So a record that is read back says which one it is, and whether each of its bytes is what was sent.
struct Payload: Sendable {
    /// A record's identity.
    struct Identity: Hashable, Sendable {
        let request: UInt64
        let index: Int
    }

    let seed: UInt64
    /// Values are this long at most, give or take a few bytes.
    let valueBytesMax: Int
    /// How many keys there are, or nil for records without key.
    let keyCount: Int?
    /// One record in so many is a tombstone, if it has a key.
    let tombstoneEach: Int?

    /// The record's key.
    func key(of identity: Identity) -> String? {
        guard let keyCount else { return nil }
        var random = SplitMix(seed: mixed(identity) ^ 0x6B65_79)
        return "k\(random.next() % UInt64(keyCount))"
    }

    /// The record's value; nil for a tombstone.
    ///
    /// A tombstone says nothing about itself: it is known by its key and by where it stands.
    func value(of identity: Identity) -> [UInt8]? {
        var random = SplitMix(seed: mixed(identity))
        if keyCount != nil, let tombstoneEach, random.next() % UInt64(tombstoneEach) == 0 { return nil }
        let words = Int(random.next() % UInt64(max(1, valueBytesMax / 16)))
        var bytes = Array("{\"r\":\(identity.request),\"i\":\(identity.index),\"x\":\"".utf8)
        bytes.reserveCapacity(bytes.count + words * 16 + 2)
        for _ in 0..<words { Self.appendHex(random.next(), to: &bytes) }
        bytes.append(contentsOf: "\"}".utf8)
        return bytes
    }

    /// Who a value says it is.
    static func identity(of value: ArraySlice<UInt8>) -> Identity? {
        let text = JSONText(value)
        guard let request = text.integer("r"), let index = text.integer("i") else { return nil }
        return Identity(request: UInt64(request), index: Int(index))
    }

    private func mixed(_ identity: Identity) -> UInt64 {
        (seed &+ identity.request &* 0x9E37_79B9_7F4A_7C15) ^ (UInt64(identity.index) &* 0xD6E8_FEB8_6659_FD93)
    }

    private static func appendHex(_ word: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 15
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
