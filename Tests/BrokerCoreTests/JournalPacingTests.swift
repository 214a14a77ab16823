import Testing

@testable import BrokerCore

@Suite struct JournalPacingTests {
    private func at(_ milliseconds: Int64) -> MonotonicInstant { MonotonicInstant(milliseconds: milliseconds) }

    @Test func theProofIsDueTwentyMillisecondsAfterTheLastRound() {
        var pacing = JournalPacing(now: at(0), checkpointIntervalMilliseconds: 1000)
        pacing.roundEnded(at: at(100))
        #expect(!pacing.isProofDue(at: at(119)))
        #expect(pacing.isProofDue(at: at(120)))
        #expect(pacing.nextTimer(at: at(100), needsProof: true, urgency: .wanted) == at(120))
        #expect(pacing.nextTimer(at: at(110), needsProof: true, urgency: .wanted) == nil)
        #expect(pacing.nextTimer(at: at(120), needsProof: false, urgency: .wanted) == at(1000))
    }

    @Test func checkpointsComeByTimeOrByNeed() {
        var pacing = JournalPacing(now: at(0), checkpointIntervalMilliseconds: 1000)
        #expect(!pacing.isCheckpointDue(at: at(5000), urgency: .none))
        #expect(!pacing.isCheckpointDue(at: at(999), urgency: .wanted))
        #expect(pacing.isCheckpointDue(at: at(1000), urgency: .wanted))
        #expect(pacing.isCheckpointDue(at: at(1), urgency: .due))
        pacing.checkpointCaptured(at: at(1000))
        #expect(!pacing.isCheckpointDue(at: at(1999), urgency: .wanted))
    }
}
