import Foundation
import RecordFormat
import Testing

@testable import BrokerAPI

/// Pages that the broker filters are the pages that a client would filter itself, over random records and filters.
@Suite struct RandomFilterTests {
    @Test func pagesOfAFilterAreThoseThatAClientWouldMakeOfAll() async throws {
        let harness = Harness {
            $0.pageScanBytesMax = ByteCount(700)
            $0.scanBytesPerStep = ByteCount(90)
            $0.readBytesPerStep = ByteCount(300)
        }
        try await harness.topic("orders", partitions: 3)
        for _ in 0..<10 {
            let records = (0..<8).map { _ in Self.record() }
            #expect(await harness.produce("orders", records.joined(separator: ",")).status == 200)
            let body = Self.raw.randomElement() ?? ""
            await harness.send(.post, "/v1/topics/orders/records", body, type: "text/plain")
        }
        let all = try await pages(harness, "")
        #expect(all.count == 90)
        var found = 0
        for _ in 0..<30 {
            let terms = (0..<Int.random(in: 1...3)).map { _ in Term() }
            let text = terms.map(\.text).joined(separator: ",")
            let expected = all.filter { record in terms.allSatisfy { $0.holds(record) } }
            let limit = [1, 7, 1000].randomElement() ?? 7
            let filtered = try await pages(harness, "&filter=\(percentEncoded(text))&limit=\(limit)")
            #expect(Self.byPlace(filtered) == Self.byPlace(expected), "\(text)")
            found += expected.count
        }
        #expect(found > 20)
    }

    private func pages(_ harness: Harness, _ query: String) async throws -> [JSON] {
        var records: [JSON] = []
        var from = "earliest"
        while true {
            let page = try await harness.send(.get, "/v1/topics/orders/records?from=\(from)\(query)").json()
            records += page["records"]?.array ?? []
            from = try #require(page["next"]?.string)
            if page["caughtUp"] == .bool(true) { return records }
        }
    }

    private static func byPlace(_ records: [JSON]) -> [JSON] {
        records.sorted {
            ($0["partition"]?.integer ?? 0, $0["offset"]?.integer ?? 0) < (
                $1["partition"]?.integer ?? 0, $1["offset"]?.integer ?? 0
            )
        }
    }

    // MARK: Records

    private static let scalars = [
        #""a""#, #""\u0061b""#, #""b""#, "1", "1.0", "2", #""1""#, "true", "null", #""null""#, "[1]", "{}",
    ]
    private static let raw = ["a", "{\"x\": \"a\"}", "1", "not json", "{\"x\":\n1}", "\"ab\""]
    private static let names = ["x", "y", "z"]

    private static func record() -> String {
        var fields: [String] = []
        if Bool.random() { fields.append("\"key\":\"\(["a", "b", "ab"].randomElement() ?? "a")\"") }
        if Bool.random() {
            let values = ["\"a\"", "[\"a\",\"b\"]", "\"ab\""].randomElement() ?? "\"a\""
            fields.append("\"headers\":{\"h\":\(values)}")
        }
        switch Int.random(in: 0..<6) {
        case 0: fields.append("\"value\":null")
        case 1: fields.append("\"value\":" + (scalars.randomElement() ?? "1"))
        default:
            let members = names.filter { _ in Bool.random() }.map { name in
                let inner =
                    Bool.random() ? (scalars.randomElement() ?? "1") : "{\"x\":\(scalars.randomElement() ?? "1")}"
                return "\"\(name)\":\(inner)"
            }
            fields.append("\"value\":{\(members.joined(separator: ","))}")
        }
        return "{" + fields.joined(separator: ",") + "}"
    }

    // MARK: Terms

    /// A term, its text, and what it means to somebody who reads JSON.
    private struct Term {
        let path =
            [["key"], ["headers", "h"], ["value"], ["value", "x"], ["value", "y", "x"], ["value", "z"]].randomElement()
            ?? ["key"]
        let form = ["", "!", "=", "!=", "^=", "in", "notin"].randomElement() ?? ""
        let literals = (0..<2).map { _ in
            (text: ["a", "ab", "b", "1", "1.0", "2", "true", "null"].randomElement() ?? "a", isQuoted: Bool.random())
        }

        var text: String {
            let field = path.joined(separator: ".")
            let written = literals.map { $0.isQuoted ? "\"\($0.text)\"" : $0.text }
            return switch form {
            case "": field
            case "!": "!" + field
            case "in", "notin": "\(field) \(form) (\(written.joined(separator: ",")))"
            default: field + form + written[0]
            }
        }

        func holds(_ record: JSON) -> Bool {
            let there = candidates(record)
            return switch form {
            case "": !there.isEmpty
            case "!": there.isEmpty
            case "=": there.contains { equals($0, literals[0]) }
            case "!=": !there.contains { equals($0, literals[0]) }
            case "in": there.contains { value in literals.contains { equals(value, $0) } }
            case "notin": !there.contains { value in literals.contains { equals(value, $0) } }
            default: there.contains { $0.string?.hasPrefix(literals[0].text) ?? false }
            }
        }

        private func candidates(_ record: JSON) -> [JSON] {
            switch path[0] {
            case "key": return record["key"].map { $0 == .null ? [] : [$0] } ?? []
            case "headers":
                guard let header = record["headers"]?["h"] else { return [] }
                return header.string == nil ? header.array : [header]
            default:
                if let base64 = record["valueBase64"]?.string {
                    let text = Data(base64Encoded: base64).map { String(decoding: $0, as: UTF8.self) } ?? ""
                    return path.count == 1 ? [.string(text)] : []
                }
                guard var place = record["value"], place != .null else { return [] }
                for name in path.dropFirst() {
                    guard let next = place[name] else { return [] }
                    place = next
                }
                return [place]
            }
        }

        private func equals(_ value: JSON, _ literal: (text: String, isQuoted: Bool)) -> Bool {
            switch value {
            case .string(let text): text == literal.text
            case .integer(let number): !literal.isQuoted && Double(literal.text) == Double(number)
            case .number(let number): !literal.isQuoted && Double(literal.text) == number
            case .bool(let claim): !literal.isQuoted && literal.text == String(claim)
            case .null: !literal.isQuoted && literal.text == "null"
            default: false
            }
        }
    }
}
