import JSONBytes
import NIOCore
import Testing

@Suite struct JSONWriterTests {
    @Test func writesEveryKindOfValueWithItsCommas() {
        var json = JSONWriter()
        json.beginObject()
        json.key("topic")
        json.string("orders \"new\"\n")
        json.key("offset")
        json.integer(912)
        json.key("list")
        json.beginArray()
        json.beginObject()
        json.endObject()
        json.beginArray()
        json.endArray()
        json.bool(true)
        json.bool(false)
        json.null()
        json.number(1.5)
        json.number(.infinity)
        json.raw(ByteBuffer(string: #"{"a": 1}"#))
        json.base64(ByteBuffer(string: "fo"))
        json.string(utf8: ByteBuffer(string: "é"))
        json.endArray()
        withBytes("k\\") { json.key(utf8: $0) }
        withBytes("[2]") { json.raw($0) }
        json.endObject()
        let expected =
            #"{"topic":"orders \"new\"\n","offset":912,"list":[{},[],true,false,null,1.5,null,{"a": 1},"Zm8=","é"],"#
            + #""k\\":[2]}"#
        let written = String(buffer: json.finish())
        #expect(written == expected)
        #expect(throws: Never.self) { try validated(written).get() }
    }

    @Test(arguments: [0, 1, -1, 9, 10, 99, 100, -100, 1_234_567_890, Int64.max, Int64.min])
    func writesIntegers(_ value: Int64) {
        var json = JSONWriter()
        json.integer(value)
        #expect(String(buffer: json.finish()) == String(value))
    }

    @Test(arguments: [0, -0.0, 0.1, 1e300, Double.leastNonzeroMagnitude, -12.75, 1e16, 123_456_789.125])
    func writesNumbersThatReadBackTheSame(_ value: Double) throws {
        var json = JSONWriter()
        json.number(value)
        let text = String(buffer: json.finish())
        #expect(try validated(text).get().kind == .number)
        #expect(Double(text) == value)
    }

    @Test func writesScalarsAloneAndAfterOtherBytes() {
        var json = JSONWriter(into: ByteBuffer(string: "data: "))
        json.null()
        #expect(json.byteCount == 10)
        #expect(String(buffer: json.finish()) == "data: null")
    }

    @Test func anOpenContainerTraps() async {
        await #expect(processExitsWith: .failure) {
            var json = JSONWriter()
            json.beginArray()
            _ = json.finish()
        }
    }
}
