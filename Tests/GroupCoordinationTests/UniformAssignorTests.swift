import GroupTestSupport
import Testing

@testable import GroupCoordination

@Suite struct UniformAssignorTests {
    @Test func dealsOutInTurn() {
        #expect(UniformAssignor.assign(holders: [nil, nil, nil, nil, nil], memberCount: 2) == [0, 1, 0, 1, 0])
        #expect(UniformAssignor.assign(holders: [], memberCount: 3) == [])
        #expect(UniformAssignor.assign(holders: [nil], memberCount: 3) == [0])
    }

    @Test func keepsWhatIsBalanced() {
        let settled: [Int?] = [1, 1, 1, 0, 0, 2, 2]
        #expect(UniformAssignor.assign(holders: settled, memberCount: 3) == settled.compactMap(\.self))
    }

    @Test func largerShareStaysWithWhoHasIt() {
        #expect(UniformAssignor.assign(holders: [2, 2, nil, nil], memberCount: 3) == [2, 2, 0, 1])
    }

    /// Every holding at random: uniform, least movement, and a fixed point.
    @Test func randomHoldingsBecomeUniformWithLeastMovement() {
        var random = SplitMix(seed: 0x5eed)
        for round in 0..<300 {
            let members = Int.random(in: 1...20, using: &random)
            let holders: [Int?] = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                Int.random(in: 0..<4, using: &random) == 0 ? nil : Int.random(in: 0..<members, using: &random)
            }
            let target = UniformAssignor.assign(holders: holders, memberCount: members)
            #expect(isUniform(target, members), "round \(round)")
            #expect(moved(holders, target) == leastMoves(holders, members), "round \(round)")
            #expect(UniformAssignor.assign(holders: target, memberCount: members) == target, "round \(round)")
            #expect(UniformAssignor.assign(holders: holders, memberCount: members) == target, "round \(round)")
        }
    }

    @Test(arguments: [1, 2, 3, 7, 10, 33, 64, 99])
    func addingOneMemberMovesExactlyItsShare(members: Int) {
        let settled = UniformAssignor.assign(holders: Array(repeating: nil, count: 1_000), memberCount: members)
        let grown = UniformAssignor.assign(holders: settled, memberCount: members + 1)
        #expect(isUniform(grown, members + 1))
        #expect(moved(settled, grown) == 1_000 / (members + 1))
        #expect(zip(settled, grown).allSatisfy { $0 == $1 || $1 == members })
    }

    @Test(arguments: [2, 3, 7, 10, 33, 64, 100])
    func removingOneMemberMovesOnlyItsShare(members: Int) {
        let settled = UniformAssignor.assign(holders: Array(repeating: nil, count: 1_000), memberCount: members)
        let left: [Int?] = settled.map { $0 == members - 1 ? nil : $0 }
        let shrunk = UniformAssignor.assign(holders: left, memberCount: members - 1)
        #expect(isUniform(shrunk, members - 1))
        #expect(moved(left, shrunk) == 0)
    }

    /// Partitions that somebody held and somebody else gets.
    private func moved(_ holders: [Int?], _ target: [Int]) -> Int {
        zip(holders, target).count { holder, target in holder != nil && holder != target }
    }

    private func isUniform(_ target: [Int], _ members: Int) -> Bool {
        let sizes = (0..<members).map { member in target.count { $0 == member } }
        return (sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1
    }

    /// What each holds above a fair share must move; the larger shares go to those who hold most.
    private func leastMoves(_ holders: [Int?], _ members: Int) -> Int {
        let held = (0..<members).map { member in holders.count { $0 == member } }.sorted(by: >)
        let (base, extra) = holders.count.quotientAndRemainder(dividingBy: members)
        return held.enumerated().reduce(0) { $0 + max(0, $1.element - base - ($1.offset < extra ? 1 : 0)) }
    }
}
