import BrokerCore
import Testing

@testable import BrokerAPI

@Suite struct CreditTests {
    @Test func withoutAWordEverythingIsSent() {
        var credit = Credit()
        credit.use(records: 1_000_000, bytes: 1 << 40)
        #expect(credit.allowance == .unlimited)
    }

    @Test func theFirstGrantBeginsToCountAndFurtherOnesAdd() {
        var credit = Credit()
        credit.apply(Credit.Change(records: 3))
        #expect(credit.allowance == DeliveryAllowance(records: 3, bytes: .max))
        credit.use(records: 3, bytes: 100)
        #expect(!credit.mayDeliver && credit.allowance == .none)
        credit.apply(Credit.Change(records: 2, bytes: 10))
        #expect(credit.allowance == DeliveryAllowance(records: 2, bytes: 10))
        // The last record may be larger than what is left; it is not owed.
        credit.use(records: 1, bytes: 50)
        #expect(!credit.mayDeliver)
        credit.apply(Credit.Change(bytes: 5))
        #expect(credit.allowance == DeliveryAllowance(records: 1, bytes: 5))
    }

    @Test func aPauseHoldsWhatIsGranted() {
        var credit = Credit()
        credit.apply(Credit.Change(isPaused: true))
        credit.apply(Credit.Change(records: 3))
        #expect(credit.allowance == .none)
        credit.apply(Credit.Change(isPaused: false))
        #expect(credit.allowance.records == 3)
    }

    @Test func changesThatWaitAreOne() {
        var change = Credit.Change(isPaused: true, records: 1)
        change.append(Credit.Change(records: .max))
        change.append(Credit.Change(isPaused: false))
        change.append(Credit.Change(bytes: 7))
        #expect(change == Credit.Change(isPaused: false, records: .max, bytes: 7))
    }

    @Test func aSleepEndsWhenSomethingIsLeft() async {
        let inbox = CreditInbox()
        inbox.put(Credit.Change(isPaused: true))
        // What came before the sleep ends it at once; without that this would sleep for ever.
        let forever = MonotonicSleep()
        await inbox.interrupting { await forever.sleep() }
        #expect(inbox.take() == Credit.Change(isPaused: true))
        #expect(inbox.take() == nil)
        async let slept: Void = inbox.interrupting { await forever.sleep() }
        await forever.entered()
        inbox.put(Credit.Change(records: 1))
        await slept
    }
}

/// A sleep that only cancellation ends, and that tells when it is entered.
private struct MonotonicSleep: Sendable {
    private let entries: AsyncStream<Void>
    private let entry: AsyncStream<Void>.Continuation

    init() {
        (entries, entry) = AsyncStream.makeStream()
    }

    func sleep() async {
        if !Task.isCancelled { entry.yield() }
        let (never, keep) = AsyncStream<Void>.makeStream()
        for await _ in never {}
        keep.finish()
    }

    func entered() async {
        var iterator = entries.makeAsyncIterator()
        await iterator.next()
    }
}
