import BrokerTestSupport
import Foundation
import Testing

extension EndToEndTests {
    /// The stream as a collection: whoever lists it and follows its changes has its state, in every framing, through kills
    /// and restarts of the broker and the reader's own reconnects; first with nothing compacted away, then with compaction on.
    ///
    /// `MILLRACE_STREAM_LINES` says how much of the stream is taken; all of it is 98,257 changes.
    @Suite struct CollectionStreamTests {
        private static let forms = ["json", "ndjson", "sse", "websocket", "patch", "any"]

        @Test(.timeLimit(.minutes(8)))
        func listsAndWatchesGiveTheState() async throws {
            let seed = Seed.chosen()
            print("collection stream: MILLRACE_SEED=\(seed)")
            let wanted = ProcessInfo.processInfo.environment["MILLRACE_STREAM_LINES"].flatMap { Int($0) } ?? 5000
            try await Sandbox.run { sandbox in
                let stream = try await ChangeStream.load(in: sandbox)
                let count = min(wanted, stream.lines.count)
                var run = try await CollectionRun.start(in: sandbox, stream, seed: seed)
                let beginning = try await run.version()

                // Nothing is compacted away: everybody sees every change, and never has to list.
                var readers = try Self.forms.map { try run.read($0, to: "~first", from: beginning) }
                let through = try ["json", "any"].map { try run.read($0, to: "~second", from: beginning) }
                try await run.publish(upTo: count * 2 / 3, disturbedBy: 4)
                try await run.put("~first")
                let totals = ChangeStream.Totals(counting: stream.events[..<run.published])
                let first = try await run.finish(readers, on: totals)
                let late = try run.read("any", to: "~first")
                #expect(try await run.finish([late], on: nil) == first)

                // With compaction on; who comes from before what it took lists again.
                try await run.restart(compacting: true)
                try await run.compacted()
                readers = try Self.forms.map { try run.read($0, to: "~second") } + through
                readers += try ["ndjson", "sse"].map { try run.read($0, to: "~second", from: beginning) }
                try await run.publish(upTo: count, disturbedBy: 2)
                try await run.put("~second")
                try await run.finish(readers, on: nil)
                #expect(run.listCount > 2 + Self.forms.count, "nobody was told of a compaction: nothing is shown of it")
                print("collection stream: \(count) changes, \(totals), \(run.summary)")
                if count == stream.totals.lines {
                    #expect(ChangeStream.Totals(counting: stream.events[..<count]) == stream.totals)
                    #expect(run.state(upTo: count).count == stream.totals.live)
                }
                #expect(try await run.broker.stop() == .status(0))
            }
        }
    }
}
