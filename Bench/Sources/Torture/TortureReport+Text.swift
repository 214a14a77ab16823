import BrokerTestSupport
import Foundation

extension TortureReport {
    /// One JSON object.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// Tables, what was wrong, and the lines that a reader looks for at the end.
    func text() -> String {
        let parts = [tableLines, mutantLines, flipLines, failureLines, summaryLines]
        return parts.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private var tableLines: [String] {
        let head = [
            "| power cut at | before, normal | after, normal | before, in recovery | after, in recovery |",
            "| --- | ---: | ---: | ---: | ---: |",
        ]
        return head
            + table.map { row in
                let normal = cells(row.call, CrashTable.startOnly, row.normalBefore, row.normalAfter)
                let recovery = cells(row.call, CrashTable.normalOnly, row.recoveryBefore, row.recoveryAfter)
                return "| \(row.call) | \(normal) | \(recovery) |"
            }
    }

    /// Two cells; a dash where the store makes no such call.
    private func cells(_ call: String, _ never: Set<SimulatedCall.Kind>, _ before: Int, _ after: Int) -> String {
        let isNever = never.contains { $0.rawValue == call } && before + after == 0
        return isNever ? "- | -" : "\(before) | \(after)"
    }

    private var mutantLines: [String] {
        ["| mutant | caught by | after states |", "| --- | --- | ---: |"]
            + mutants.map { "| \($0.name) | \($0.caughtBy ?? "NOT CAUGHT") | \($0.stateCount) |" }
    }

    private var flipLines: [String] {
        let outcomes = StoreDamageOutcome.allCases.map(\.rawValue)
        let head = [
            "| bit flips in | \(outcomes.joined(separator: " | ")) |",
            "| --- |\(outcomes.map { _ in " ---: |" }.joined())",
        ]
        let rows = flips.sorted { $0.key < $1.key }.map { kind, counts in
            "| \(kind) | \(outcomes.map { String(counts[$0] ?? 0) }.joined(separator: " | ")) |"
        }
        let exceptions = [
            "",
            "Named exceptions: leaderEpoch, since that field of a batch lies outside its checksum in Kafka's format;",
            "compactedOffset, a base offset where offsets have gaps, until a scrub or a verification finds it;",
            "unprovenFrame, the last frame before a power cut that comes before an empty frame has proved it;",
            "otherSegment, a segment's file in the place of another's: batches do not name their partition in that format.",
        ]
        return head + rows + exceptions
    }

    private var failureLines: [String] {
        var lines = failures.flatMap { ["FAILURE: \($0.text.prefix(600))", "  again with: \($0.command)"] }
        if !isSampled { lines += emptyCells.map { "FAILURE: no state was cut \($0)" } }
        lines += mutants.filter { $0.caughtBy == nil }.map { "FAILURE: mutant \($0.name) was not caught" }
        if !isSampled, flippedCount < flipTotal {
            lines.append("FAILURE: only \(flippedCount) of \(flipTotal) bits were flipped")
        }
        if !isSampled, crashStateCount < Self.crashStatesMin {
            lines.append("FAILURE: \(crashStateCount) crash states are fewer than \(Self.crashStatesMin)")
        }
        return lines
    }

    private var summaryLines: [String] {
        let lost = count(.lostRecord) + count(.lostSeenRecord)
        let others = flawCounts.values.reduce(0, +) - lost - count(.resurrectedRecord)
        return [
            "seconds: \(Int(seconds))",
            "recoveries: \(recoveredCount)",
            "crash states: \(crashStateCount)",
            "acknowledged records lost: \(lost)",
            "unflushed records resurrected after being cut: \(count(.resurrectedRecord))",
            "other broken promises: \(others)",
            "scenarios: \(scenarioCount)",
            "calls that failed: \(faultCount)",
            "files damaged: \(damageCount)",
            "bit flips tried: \(flippedCount) of \(flipTotal)",
            "bit flips detected or harmless: \(soundFlipCount)/\(flippedCount)",
            "mutants caught: \(mutants.count { $0.caughtBy != nil })/\(mutants.count)",
        ]
    }

    private func count(_ kind: StoreFlaw.Kind) -> Int {
        flawCounts[kind.rawValue] ?? 0
    }
}
