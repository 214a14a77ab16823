import Foundation
import Testing

extension EndToEndTests {
    /// The segments hold what was produced, whatever kind of record it is: said by a reader that is not ours.
    @Suite struct SegmentReaderTests {
        /// A record's parts as they must be stored.
        struct Parts: Hashable {
            let timestamp: Int64?
            let key: Data?
            let value: Data?
            let headers: [StoredRecord.Header]
        }

        private static let path = "/v1/topics/kinds/records"

        /// Numbers that no encoding may change, text in several scripts, and spaces between tokens.
        private static let document = #"{"text":"å — 字 🦆 \u00e5\n","number": 1.0e-7, "long":12345678901234567890 }"#

        private static let body = #"""
            {"records":[
              {"key":"full","value":\#(document),"timestamp":"2026-11-21T10:00:00.120Z",
               "headers":{"ct":"v2","trace":["a","b"],"raw":{"base64":"AP8="}}},
              {"key":"gone","value":null,"timestamp":1795255200121},
              {"value":[1,
                2],"timestamp":0},
              {"keyBase64":"/wA=","valueBase64":"AAEC/w==","timestamp":253402300799999},
              {"key":"","value":"","timestamp":"2026-11-21T11:00:00+01:00"}
            ]}
            """#

        @Test(.timeLimit(.minutes(5)))
        func everyKindOfRecordIsStoredAsProduced() async throws {
            try await Sandbox.run { sandbox in
                let reader = try IndependentReader()
                let broker = try await BrokerProcess.start(in: sandbox)
                let curl = Curl(broker, sandbox)
                #expect(try await curl.send("PUT", "/v1/topics/kinds", json: "{}").status == 201)
                let answer = try await curl.send("POST", Self.path, json: Self.body)
                #expect(answer.status == 200, "\(answer.body)")
                let raw = try await curl.send(
                    Self.path,
                    "-H",
                    "Content-Type: text/plain",
                    "-H",
                    "Record-Key: raw",
                    "--data-binary",
                    "as is\r\n"
                )
                #expect(raw.status == 200, "\(raw.body)")
                let id = try await broker.withClient { try await $0.topic("kinds").value.id }
                #expect(try await broker.stop() == .status(0))

                let stored = try await reader.records(below: broker.data, in: sandbox).filter { $0.topic == id }
                let found = stored.enumerated().map { index, record in
                    // The one that named no time got the broker's.
                    Parts(
                        timestamp: index < 5 ? record.timestamp : nil,
                        key: record.key,
                        value: record.value,
                        headers: record.headers
                    )
                }
                #expect(found == Self.expected)
                let now = Date().timeIntervalSince1970 * 1000
                #expect(stored.last.map { abs(Double($0.timestamp) - now) < 600_000 } == true)
            }
        }

        private static let expected: [Parts] = [
            Parts(
                timestamp: 1_795_255_200_120,
                key: Data("full".utf8),
                value: Data(document.utf8),
                headers: [
                    StoredRecord.Header(name: "ct", value: Data("v2".utf8)),
                    StoredRecord.Header(name: "trace", value: Data("a".utf8)),
                    StoredRecord.Header(name: "trace", value: Data("b".utf8)),
                    StoredRecord.Header(name: "raw", value: Data([0, 255])),
                ]
            ),
            Parts(timestamp: 1_795_255_200_121, key: Data("gone".utf8), value: nil, headers: []),
            // The line break between tokens became a space.
            Parts(timestamp: 0, key: nil, value: Data("[1,     2]".utf8), headers: []),
            Parts(timestamp: 253_402_300_799_999, key: Data([255, 0]), value: Data([0, 1, 2, 255]), headers: []),
            Parts(timestamp: 1_795_255_200_000, key: Data(), value: Data(#""""#.utf8), headers: []),
            Parts(timestamp: nil, key: Data("raw".utf8), value: Data("as is\r\n".utf8), headers: []),
        ]
    }
}
