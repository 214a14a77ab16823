import RecordFormat
import Testing

@testable import GroupCoordination

/// Whether a group can tell why it was rebalanced.
@Suite struct HistoryTests {
    private func moves(_ entry: GroupRebalance?) -> [String] {
        (entry?.moves ?? []).map { move in
            let (from, to) = (move.from?.value ?? "-", move.to?.value ?? "-")
            return "\(move.partition.partition.value) \(from)>\(to)\(move.kind == .askedBack ? "?" : "")"
        }
    }

    @Test func everyRebalanceTellsWhyAndWhatMoved() {
        var harness = GroupHarness()
        harness.join("a")
        #expect(harness.history.map(\.reasons) == [[.memberJoined(MemberID("a"))], [.startsResolved]])
        #expect(moves(harness.history.last) == ["0 ->a", "1 ->a", "2 ->a", "3 ->a"])
        harness.deliver("a", 2, to: 10)
        harness.join("b")
        harness.join("c")
        harness.advance(100)
        #expect(harness.history.last?.reasons == [.memberJoined(MemberID("b")), .memberJoined(MemberID("c"))])
        #expect(moves(harness.history.last) == ["2 a>-?", "3 a>c"])
        harness.commit("a", 2, 10)
        #expect(harness.history.last?.reasons == [.handedOver(MemberID("a"))])
        #expect(moves(harness.history.last) == ["2 a>b"])
        harness.disconnect("c")
        #expect(harness.history.last?.reasons == [.connectionLost(MemberID("c"))])
        harness.leave("b")
        #expect(harness.history.last?.reasons == [.memberLeft(MemberID("b"))])
        #expect(harness.history.last?.epoch == harness.description?.epoch)
        #expect(harness.history.last?.time == harness.now.wall)
    }

    @Test func timeoutsTopicsAndResetsAreReasons() {
        var harness = GroupHarness()
        harness.join("a")
        harness.deliver("a", 0, to: 10)
        harness.advance(60_000)
        #expect(harness.history.last?.reasons == [.commitTimedOut(MemberID("a"))])
        #expect(moves(harness.history.last) == ["0 a>a"])
        harness.apply(
            .topicChanged(.init(name: GroupHarness.orders, id: GroupHarness.ordersID, partitionCount: 5))
        )
        #expect(harness.history.last?.reasons == [.topicGrew(GroupHarness.orders)])
        harness.reset([1])
        #expect(harness.history.last?.reasons == [.offsetsReset])
        #expect(moves(harness.history.last) == ["1 a>a"])
        harness.disconnect("a")
        harness.advance(10_000)
        harness.join("b")
        let reasons: [GroupRebalance.Reason] = [
            .connectionLost(MemberID("a")), .sessionTimedOut(MemberID("a")), .memberJoined(MemberID("b")),
        ]
        #expect(harness.history.suffix(2).flatMap(\.reasons) == reasons)
    }

    @Test func restartBeginsAnewAndSaysSo() {
        var harness = GroupHarness()
        harness.join("a", instance: "pod")
        harness.crash()
        #expect(harness.history.isEmpty)
        harness.join("a2", instance: "pod")
        harness.advance(100)
        #expect(
            harness.history.first?.reasons == [
                .coordinatorStarted, .instanceTakenOver(instance: "pod", former: MemberID("a"), by: MemberID("a2")),
            ]
        )
    }

    @Test func historyIsBounded() {
        var configuration = GroupConfiguration.withoutFirstDebounce
        configuration.rebalancesPerGroupMax = 3
        configuration.movesPerRebalanceMax = 2
        var harness = GroupHarness(configuration: configuration)
        for name in ["a", "b", "c", "d"] {
            harness.join(name)
            harness.advance(100)
        }
        #expect(harness.history.count == 3)
        harness.leave("a")
        harness.leave("b")
        harness.leave("c")
        harness.leave("d")
        harness.join("e")
        #expect(harness.history.last?.moves.count == 2)
        #expect(harness.history.last?.moveCount == 4)
    }

    @Test func everyReasonHasWords() {
        let member = MemberID("m")
        let reasons: [GroupRebalance.Reason] = [
            .coordinatorStarted, .memberJoined(member), .memberReturned(member), .memberLeft(member),
            .instanceTakenOver(instance: "pod", former: member, by: member), .connectionLost(member),
            .sessionTimedOut(member), .commitTimedOut(member), .memberRevived(member), .handedOver(member),
            .released(member), .topicGrew(GroupHarness.orders), .topicDeleted(GroupHarness.orders), .topicsChanged,
            .startsResolved, .offsetsReset,
        ]
        #expect(Set(reasons.map(\.description)).count == reasons.count)
    }
}
