import RecordFormat
import Testing

@testable import GroupCoordination

@Suite struct PlacementTests {
    /// `"billing".hashCode()` of Java is -109829509, so that its low 31 bits are 2037654139.
    @Test func followsJavasHashCode() {
        let hash = "billing".utf16.reduce(Int32(0)) { $0 &* 31 &+ Int32($1) }
        #expect(hash == -109_829_509)
        #expect(GroupShard.index(of: groupName("billing"), count: 50) == Int(hash & Int32.max) % 50)
    }

    @Test func everyShardIsUsed() {
        let used = Set((0..<200).map { GroupShard.index(of: groupName("group-\($0)"), count: 4) })
        #expect(used == [0, 1, 2, 3])
    }
}
