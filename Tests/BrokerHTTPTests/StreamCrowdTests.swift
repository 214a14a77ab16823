import BrokerAPI
import NIOCore
import Testing

@testable import BrokerHTTP

/// What the streams of an event loop share.
@Suite struct StreamCrowdTests {
    private final class Sleeper: LoopSleeper {
        func woke(from wait: Int, _ end: StreamWait.End) {}
        func rang() {}
    }

    @Test func aCrowdGivesOutWhoWaitsStill() {
        var crowd = StreamCrowd.Members()
        #expect(crowd.isEmpty)
        let places = (0..<4).map { crowd.add(StreamCrowd.Member(sleeper: Sleeper(), wait: $0)) }
        crowd.remove(places[1])
        crowd.remove(places[3])
        // A place that was left is taken again: who comes and goes leaves nothing behind.
        #expect(crowd.add(StreamCrowd.Member(sleeper: Sleeper(), wait: 7)) == places[3])
        #expect(crowd.all.map(\.wait) == [0, 2, 7])
        crowd.remove(places[0])
        crowd.remove(places[2])
        #expect(!crowd.isEmpty)
        crowd.remove(places[3])
        #expect(crowd.isEmpty && crowd.all.isEmpty)
    }

    @Test func aSmallPieceIsOneBufferThatEqualPiecesShare() throws {
        let chunks = LastChunk()
        let first = try #require(chunks.whole(of: ByteBuffer(string: "0123456789abcdefg")))
        #expect(String(buffer: first) == "11\r\n0123456789abcdefg\r\n")
        let second = try #require(chunks.whole(of: ByteBuffer(string: "0123456789abcdefg")))
        let memory = first.withUnsafeReadableBytes { $0.baseAddress }
        #expect(second.withUnsafeReadableBytes { $0.baseAddress } == memory)
        #expect(chunks.whole(of: ByteBuffer(string: "x")).map { String(buffer: $0) } == "1\r\nx\r\n")
        // What was handed out stays as it is.
        #expect(String(buffer: second) == "11\r\n0123456789abcdefg\r\n")
    }

    @Test func aLargePieceIsSentBesideItsFrame() {
        let piece = ByteBuffer(repeating: 1, count: 70_000)
        #expect(LastChunk().whole(of: piece) == nil)
        #expect(String(buffer: LastChunk.head(of: piece)) == "11170\r\n" && String(buffer: LastChunk.end) == "\r\n")
    }
}
