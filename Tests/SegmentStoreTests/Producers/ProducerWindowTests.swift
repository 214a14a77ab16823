import BrokerTestSupport
import RecordFormat
import Testing

@testable import SegmentStore

/// The window machine alone: a request goes in, a decision comes out.
@Suite struct ProducerWindowTests {
    /// A request of one part whose content is `checksum`.
    static func sent(_ epoch: Int16, _ sequence: Int32, _ checksum: UInt32? = nil) -> SentRequest {
        let content = checksum ?? UInt32(sequence % 1000) + 100
        let part = SentRequest.Part(partition: .zero, count: 2, checksum: content)
        return SentRequest(epoch: epoch, sequence: sequence, parts: [part])
    }

    /// The window after these sequences of an epoch, two records each, from offset 0 on.
    static func window(_ epoch: Int16, _ sequences: ClosedRange<Int32>) -> ProducerWindow? {
        var window: ProducerWindow?
        for (index, sequence) in sequences.enumerated() {
            window = .adding(sent(epoch, sequence), at: [Offset(Int64(2 * index))], to: window)
        }
        return window
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let title: String
        var window: ProducerWindow?
        let sent: SentRequest
        var hasGrown = false
        let expected: ProducerWindow.Decision

        var testDescription: String { title }
    }

    static let cases: [Case] = [
        Case(title: "unknown at 0", sent: sent(0, 0), expected: .append),
        Case(title: "unknown in a later epoch", sent: sent(9, 0), expected: .append),
        Case(title: "unknown elsewhere", sent: sent(0, 1), expected: .refuse(.unknownProducer)),
        Case(title: "unknown at the end", sent: sent(0, .max), expected: .refuse(.unknownProducer)),
        Case(title: "the next one", window: window(0, 0...2), sent: sent(0, 3), expected: .append),
        Case(
            title: "a gap",
            window: window(0, 0...2),
            sent: sent(0, 4),
            expected: .refuse(.sequenceGap(expected: 3))
        ),
        Case(
            title: "the last one again",
            window: window(0, 0...2),
            sent: sent(0, 2),
            expected: .duplicate([.init(base: Offset(4), end: Offset(6))])
        ),
        Case(
            title: "the oldest one of five again",
            window: window(0, 0...9),
            sent: sent(0, 5),
            expected: .duplicate([.init(base: Offset(10), end: Offset(12))])
        ),
        Case(
            title: "older than the window",
            window: window(0, 0...9),
            sent: sent(0, 4),
            expected: .refuse(.beforeWindow(oldest: 5))
        ),
        Case(
            title: "other bytes",
            window: window(0, 0...2),
            sent: sent(0, 1, 7),
            expected: .refuse(.contentDiffers)
        ),
        Case(
            title: "other bytes, or the same elsewhere, after growth",
            window: window(0, 0...2),
            sent: sent(0, 1, 7),
            hasGrown: true,
            expected: .refuse(.routedDifferently)
        ),
        Case(
            title: "the same place and bytes after growth",
            window: window(0, 0...2),
            sent: sent(0, 1),
            hasGrown: true,
            expected: .duplicate([.init(base: Offset(2), end: Offset(4))])
        ),
        Case(
            title: "an older epoch",
            window: window(3, 0...2),
            sent: sent(2, 3),
            expected: .refuse(.fenced(current: 3))
        ),
        Case(
            title: "an older epoch at 0",
            window: window(3, 0...2),
            sent: sent(2, 0),
            expected: .refuse(.fenced(current: 3))
        ),
        Case(title: "a new epoch at 0", window: window(3, 0...2), sent: sent(4, 0), expected: .append),
        Case(title: "a new epoch that skips", window: window(3, 0...2), sent: sent(32767, 0), expected: .append),
        Case(
            title: "a new epoch that goes on",
            window: window(3, 0...2),
            sent: sent(4, 3),
            expected: .refuse(.sequenceGap(expected: 0))
        ),
        Case(
            title: "the last sequence",
            window: window(0, .max - 3 ... .max - 1),
            sent: sent(0, .max),
            expected: .append
        ),
        Case(
            title: "a sequence that has wrapped",
            window: window(0, .max - 6 ... .max),
            sent: sent(0, 0),
            expected: .refuse(.beforeWindow(oldest: .max - 4))
        ),
        Case(
            title: "a new epoch after the last sequence",
            window: window(0, .max - 1 ... .max),
            sent: sent(1, 0),
            expected: .append
        ),
    ]

    @Test(arguments: cases)
    func everyRequestIsJudged(_ one: Case) {
        #expect(ProducerWindow.decide(one.sent, on: one.window, hasGrown: one.hasGrown) == one.expected)
    }

    @Test func theWindowHoldsFiveRequestsOfOneEpoch() throws {
        let long = try #require(Self.window(1, 0...20))
        #expect(long.requests.map(\.sequence) == [16, 17, 18, 19, 20])
        #expect(long.partCount == 5)
        let next = ProducerWindow.adding(Self.sent(2, 0), at: [Offset(99)], to: long)
        #expect(next.epoch == 2)
        #expect(next.requests.map(\.sequence) == [0])
    }

    @Test func aDuplicateIsAnsweredInTheOrderOfItsParts() {
        func request(_ partitions: [Int32], checksum: UInt32 = 1) -> SentRequest {
            let parts = partitions.map {
                SentRequest.Part(partition: PartitionIndex($0), count: $0 + 1, checksum: checksum)
            }
            return SentRequest(epoch: 0, sequence: 0, parts: parts)
        }
        let window = ProducerWindow.adding(
            request([5, 1, 3]),
            at: [Offset(50), Offset(10), Offset(30)],
            to: nil
        )
        func decide(_ sent: SentRequest) -> ProducerWindow.Decision {
            ProducerWindow.decide(sent, on: window, hasGrown: false)
        }
        let spans: [Int32: ProducerWindow.StoredSpan] = [
            1: .init(base: Offset(10), end: Offset(12)), 3: .init(base: Offset(30), end: Offset(34)),
            5: .init(base: Offset(50), end: Offset(56)),
        ]
        for order in [[5, 1, 3], [1, 3, 5], [3, 5, 1]] as [[Int32]] {
            #expect(decide(request(order)) == .duplicate(order.compactMap { spans[$0] }))
        }
        for other in [[1, 3], [1, 3, 5, 7], [1, 3, 4], [], [2]] as [[Int32]] {
            #expect(decide(request(other)) == .refuse(.contentDiffers))
        }
        #expect(decide(request([5, 1, 3], checksum: 2)) == .refuse(.contentDiffers))
    }

    /// A long random life of one producer, with retries and mistakes, against the plain list of what was stored.
    @Test(arguments: 1...20)
    func aRandomLifeStoresEverySequenceOnce(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var window: ProducerWindow?
        var stored: [[Int32]] = [[]]
        for step in 0..<400 {
            let drift = random.chance(percent: 8) ? 1 : random.chance(percent: 10) ? -1 : 0
            let epoch = Int16(max(0, stored.count - 1 + drift))
            let last = Int(epoch) < stored.count ? Int32(stored[Int(epoch)].count) : 0
            let sequence = max(0, last + Int32(random.below(9)) - 6)
            let request = Self.sent(epoch, sequence)
            switch ProducerWindow.decide(request, on: window, hasGrown: false) {
            case .append:
                if Int(epoch) == stored.count { stored.append([]) }
                #expect(Int(epoch) == stored.count - 1 && Int(sequence) == stored[Int(epoch)].count, "step \(step)")
                stored[Int(epoch)].append(sequence)
                window = .adding(request, at: [Offset(Int64(step) * 2)], to: window)
            case .duplicate:
                #expect(Int(epoch) == stored.count - 1)
                #expect(stored[Int(epoch)].suffix(5).contains(sequence), "step \(step)")
            case .refuse(let refusal):
                switch refusal {
                case .fenced: #expect(Int(epoch) < stored.count - 1)
                case .sequenceGap(let expected): #expect(sequence > expected)
                case .unknownProducer: #expect(stored == [[]])
                case .beforeWindow: #expect(!stored[Int(epoch)].suffix(5).contains(sequence))
                default: Issue.record("\(refusal) at step \(step)")
                }
            }
        }
        #expect(stored.flatMap { $0 }.count > 30)
    }
}
