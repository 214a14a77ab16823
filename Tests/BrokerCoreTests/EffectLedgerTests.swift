import Testing

@testable import BrokerCore

@Suite struct EffectLedgerTests {
    @Test func effectsComeOutInTheOrderOfTheirCommands() {
        var ledger = EffectLedger<String>()
        let first = ledger.add("first", isDurable: false)
        let second = ledger.add("second", isDurable: false)
        ledger.markDurable(second)
        #expect(ledger.beginDelivery() == nil)
        ledger.markDurable(first)
        #expect(ledger.beginDelivery() == ["first", "second"])
    }

    @Test func effectsWithoutRecordsWaitForThoseBefore() {
        var ledger = EffectLedger<String>()
        let stored = ledger.add("stored", isDurable: false)
        _ = ledger.add("nothing to store", isDurable: true)
        #expect(ledger.beginDelivery() == nil)
        ledger.markDurable(stored)
        #expect(ledger.beginDelivery() == ["stored", "nothing to store"])
    }

    @Test func onlyOneDeliversAtATime() {
        var ledger = EffectLedger<String>()
        _ = ledger.add("a", isDurable: true)
        #expect(ledger.beginDelivery() == ["a"])
        _ = ledger.add("b", isDurable: true)
        #expect(ledger.beginDelivery() == nil)
        #expect(ledger.continueDelivery() == ["b"])
        #expect(ledger.continueDelivery() == nil)
        _ = ledger.add("c", isDurable: true)
        #expect(ledger.beginDelivery() == ["c"])
    }

    @Test func whatIsNotDurableIsDroppedWithAllBehindIt() {
        var ledger = EffectLedger<String>()
        _ = ledger.add("durable", isDurable: true)
        let lost = ledger.add("lost", isDurable: false)
        _ = ledger.add("behind", isDurable: true)
        ledger.dropUndurable()
        #expect(ledger.waiting == ["durable"])
        let next = ledger.add("next", isDurable: false)
        ledger.markDurable(lost)
        #expect(ledger.beginDelivery() == ["durable"])
        #expect(ledger.continueDelivery() == nil)
        ledger.markDurable(next)
        #expect(ledger.beginDelivery() == ["next"])
    }
}
