import NIOCore
import RecordFormat
import Testing

@Suite struct TimestampTests {
    static let known: [(String, Int64)] = [
        ("1970-01-01T00:00:00.000Z", 0), ("1969-12-31T23:59:59.999Z", -1),
        ("2026-11-21T10:00:00.120Z", 1_795_255_200_120),
        ("2000-02-29T12:34:56.789Z", 951_827_696_789), ("2000-03-01T00:00:00.000Z", 951_868_800_000),
        ("1900-03-01T00:00:00.000Z", -2_203_891_200_000), ("2038-01-19T03:14:08.000Z", 2_147_483_648_000),
        ("0000-01-01T00:00:00.000Z", -62_167_219_200_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ]

    @Test(arguments: known) func knownInstants(text: String, milliseconds: Int64) {
        let timestamp = Timestamp(millisecondsSinceEpoch: milliseconds)
        #expect(timestamp.rfc3339 == text)
        #expect(timestamp.description == text)
        #expect(Timestamp(rfc3339: text) == timestamp)
        var buffer = ByteBuffer(string: "\"")
        timestamp.write(rfc3339Into: &buffer)
        #expect(String(buffer: buffer) == "\"" + text)
    }

    @Test func randomInstantsSurvive() {
        let seed: UInt64 = 0x7469_6D65
        var generator = SeededGenerator(seed: seed)
        let range = Timestamp.rfc3339Range
        let milliseconds = range.lowerBound.millisecondsSinceEpoch...range.upperBound.millisecondsSinceEpoch
        let lost = (0..<5000).map { _ in Int64.random(in: milliseconds, using: &generator) }.filter {
            let timestamp = Timestamp(millisecondsSinceEpoch: $0)
            return timestamp.rfc3339.utf8.count != 24 || Timestamp(rfc3339: timestamp.rfc3339) != timestamp
        }
        #expect(lost.isEmpty, "seed \(seed)")
    }

    /// Around the turn of each century, where the leap rule has its exceptions, as text that must grow day by day.
    @Test(arguments: [1600, 1700, 1800, 1900, 2000, 2100, 2400])
    func everyDayFollowsTheOneBefore(year: Int) throws {
        let first = try #require(Timestamp(rfc3339: "\(year - 1)-12-01T00:00:00Z"))
        let texts = (0...480).map { first.advanced(byMilliseconds: $0 * 86_400_000).rfc3339 }
        #expect(texts == texts.sorted())
        #expect(Set(texts).count == texts.count)
        #expect(texts.contains("\(year)-02-29T00:00:00.000Z") == year.isMultiple(of: 400))
        // 31 days of December, the year, and the rest in the year after.
        let daysLeft = 480 - 31 - (year.isMultiple(of: 400) ? 366 : 365)
        #expect(
            texts.last
                == Timestamp(rfc3339: "\(year + 1)-01-01T00:00:00Z")?
                .advanced(byMilliseconds: Int64(daysLeft) * 86_400_000).rfc3339
        )
    }

    @Test(
        arguments: [
            ("2026-11-21T11:00:00.120+01:00", 1_795_255_200_120), ("2026-11-21T04:30:00.12-05:30", 1_795_255_200_120),
            ("2026-11-21T10:00:00.1209999Z", 1_795_255_200_120), ("2026-11-21t10:00:00z", 1_795_255_200_000),
            ("2026-11-21T10:00:00.5-00:00", 1_795_255_200_500), ("2016-12-31T23:59:60Z", 1_483_228_800_000),
            ("2017-01-01T00:59:60.5+01:00", 1_483_228_800_500),
        ] as [(String, Int64)]
    )
    func otherForms(text: String, milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.millisecondsSinceEpoch == milliseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-11-21", "2026-11-21T10:00:00", "2026-11-21 10:00:00Z", "2026-11-21T10:00Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-11-31T00:00:00Z", "2026-02-29T00:00:00Z",
        "2026-11-00T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T10:60:00Z", "2026-11-21T10:00:61Z",
        "2026-11-21T10:00:60Z", "2026-11-21T10:00:00.Z", "2026-11-21T10:00:00,5Z", "2026-11-21T10:00:00+1:00",
        "2026-11-21T10:00:00+24:00", "2026-11-21T10:00:00+01:60", "2026-11-21T10:00:00+0100", "2026-11-21T10:00:00ZZ",
        " 2026-11-21T10:00:00Z", "+2026-11-21T10:00:00Z", "2026-1-21T10:00:00Z", "2026-11-21T10:00:00.1é",
        "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "２026-11-21T10:00:00Z",
    ])
    func refused(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func everyTruncationIsRefused() {
        let text = "2026-11-21T10:00:00.120+01:00"
        for count in 0..<text.utf8.count { #expect(Timestamp(rfc3339: text.prefix(count)) == nil) }
    }

    @Test func instantsBeyondFourDigitYearsAreStillWritten() {
        #expect(Timestamp(millisecondsSinceEpoch: 253_402_300_800_000).rfc3339 == "+010000-01-01T00:00:00.000Z")
        #expect(Timestamp(millisecondsSinceEpoch: -62_167_219_200_001).rfc3339 == "-000001-12-31T23:59:59.999Z")
        #expect(Timestamp(millisecondsSinceEpoch: .max).rfc3339 == "+292278994-08-17T07:12:55.807Z")
        #expect(Timestamp(millisecondsSinceEpoch: .min).rfc3339 == "-292275055-05-16T16:47:04.192Z")
    }
}
