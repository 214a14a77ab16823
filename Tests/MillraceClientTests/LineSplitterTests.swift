import MillraceClient
import NIOCore
import Testing

@Suite struct LineSplitterTests {
    private func lines(_ chunks: [String], max: Int = 100) throws -> (lines: [String], rest: String?) {
        var splitter = LineSplitter(lineBytesMax: max)
        var lines: [String] = []
        for chunk in chunks {
            splitter.append(ByteBuffer(string: chunk))
            while let line = try splitter.next() { lines.append(String(buffer: line)) }
        }
        return (lines, splitter.takeRest().map { String(buffer: $0) })
    }

    @Test func aCutAnywhereChangesNothing() throws {
        let text = Array("one\r\ntwo\n\nthree\nfo".utf8)
        for cut in 0...text.count {
            let chunks = [text[..<cut], text[cut...]].map { String(decoding: $0, as: UTF8.self) }
            let (lines, rest) = try lines(chunks)
            #expect(lines == ["one", "two", "", "three"], "cut at \(cut)")
            #expect(rest == "fo", "cut at \(cut)")
        }
    }

    @Test func bytesComeOneByOne() throws {
        #expect(try lines("ab\ncd\n".map { String($0) }).lines == ["ab", "cd"])
    }

    @Test func aLineOfTheMaximumIsTaken() throws {
        #expect(try lines(["12345\n"], max: 5).lines == ["12345"])
    }

    @Test func aLongerLineIsRefusedEvenBeforeItEnds() {
        #expect(throws: MillraceError.lineTooLong(bytesMax: 5)) { try lines(["123456\n"], max: 5) }
        #expect(throws: MillraceError.lineTooLong(bytesMax: 5)) { try lines(["123", "456"], max: 5) }
    }

    @Test func nothingIsLeftOfAWholeText() throws {
        #expect(try lines(["a\n"]).rest == nil)
        #expect(try lines([]).rest == nil)
    }
}
