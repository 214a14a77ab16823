import NIOCore
import Testing

@testable import BrokerHTTP

@Suite struct PeerPatienceTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func standing(unacknowledged: UInt32 = 0, unsent: UInt32 = 0, acknowledged: UInt64 = 0) -> PeerStanding {
        PeerStanding(unacknowledged: unacknowledged, unsent: unsent, acknowledged: acknowledged)
    }

    @Test func whoTakesNothingIsSlowWhenHisTimeIsOver() {
        var patience = PeerPatience(limit: .seconds(60))
        let stuck = standing(unsent: 1000, acknowledged: 500)
        #expect(patience.look(stuck, isBusy: true, now: start) == .init(isSlow: false, isWindowClosed: true))
        #expect(!patience.look(stuck, isBusy: true, now: start + .seconds(59)).isSlow)
        #expect(patience.look(stuck, isBusy: true, now: start + .seconds(60)).isSlow)
    }

    @Test func whoTakesAnythingHasHisTimeAnew() {
        var patience = PeerPatience(limit: .seconds(60))
        for step in 0..<20 {
            let look = standing(unsent: 1000, acknowledged: UInt64(step / 5))
            #expect(!patience.look(look, isBusy: true, now: start + .seconds(Int64(step) * 10)).isSlow)
        }
    }

    @Test func aClosedWindowCountsAlsoWhereTheSocketTakesMore() {
        var patience = PeerPatience(limit: .seconds(60))
        let little = standing(unsent: 40, acknowledged: 500)
        _ = patience.look(little, isBusy: false, now: start)
        #expect(patience.look(little, isBusy: false, now: start + .seconds(61)).isSlow)
    }

    @Test func whoHasEverythingIsNeverSlow() {
        var patience = PeerPatience(limit: .seconds(60))
        for seconds in [0, 100, 1000] as [Int64] {
            let look = standing(acknowledged: 500)
            #expect(patience.look(look, isBusy: false, now: start + .seconds(seconds)).isSlow == false)
        }
        // What waits from now on is not older for that.
        let stuck = standing(unsent: 10, acknowledged: 500)
        #expect(!patience.look(stuck, isBusy: true, now: start + .seconds(2000)).isSlow)
        #expect(!patience.look(stuck, isBusy: true, now: start + .seconds(2059)).isSlow)
    }

    @Test func aPeerThatAcknowledgesNothingIsNotOneThatDoesNotRead() {
        #expect(!standing(unacknowledged: 3, unsent: 1000).isWindowClosed)
        #expect(!standing().isWindowClosed)
        #expect(standing(unsent: 1).isWindowClosed)
    }

    @Test func withoutTheKernelOnlyWhatWaitsHereCounts() {
        var patience = PeerPatience(limit: .seconds(60))
        #expect(!patience.look(nil, isBusy: true, now: start).isSlow)
        #expect(patience.look(nil, isBusy: true, now: start + .seconds(60)).isSlow)
        #expect(!patience.look(nil, isBusy: false, now: start + .seconds(61)).isSlow)
    }
}
