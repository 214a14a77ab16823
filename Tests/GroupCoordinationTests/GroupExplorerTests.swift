import GroupCoordination
import GroupTestSupport
import Testing

/// A small part of what `make simulate` does.
@Suite struct GroupExplorerTests {
    @Test(arguments: [(0, 4), (1, 3)])
    func everyInterleavingToASmallDepthKeepsTheInvariants(statics: Int, depth: Int) async {
        let explorer = GroupExplorer(configuration: GroupConfiguration(), staticClients: statics, depth: depth)
        let findings = await explorer.explore(workers: 2)
        #expect(findings.violations.isEmpty, "\(findings.violations.first?.path ?? [])")
        #expect(findings.isEmptied)
        #expect(findings.newAtDepth.count == depth + 1)
        #expect(findings.newAtDepth.reduce(0, +) == findings.stateCount)
    }

    @Test func aSearchThatIsGivenUpSaysSo() async {
        let explorer = GroupExplorer(configuration: GroupConfiguration(), staticClients: 0, depth: 3)
        let findings = await explorer.explore(workers: 1) { true }
        #expect(!findings.isEmptied)
    }

    @Test(arguments: [1, 3, 10])
    func addingAndRemovingOneMemberMovesTheLeast(members: Int) {
        let row = MovementTable.row(memberCount: members, partitionCount: 100)
        #expect(row.isMinimal)
        #expect(row.added.least == 100 / (members + 1))
    }
}
