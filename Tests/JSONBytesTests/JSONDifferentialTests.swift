import Foundation
import JSONBytes
import NIOCore
import Testing

/// The validator and the readers against other judges, on random documents.
@Suite struct JSONDifferentialTests {
    @Test func readsBackWhatWasGenerated() throws {
        let seed = SeededGenerator.seed(for: "readsBackWhatWasGenerated")
        var generator = DocumentGenerator(seed: seed)
        for _ in 0..<500 {
            let (text, tree) = generator.next()
            let read = try withBytes(text) { bytes throws in try Tree.read(bytes) }
            #expect(read == tree, "MILLRACE_TEST_SEED=\(seed): \(text)")
        }
    }

    @Test func meaningSurvivesTheReplacementOfLineBreaks() throws {
        let seed = SeededGenerator.seed(for: "meaningSurvivesTheReplacementOfLineBreaks")
        var generator = DocumentGenerator(seed: seed)
        for _ in 0..<300 {
            let (text, tree) = generator.next()
            var buffer = ByteBuffer(string: text)
            let before = try JSONValidator.validate(buffer, depthMax: 512)
            let hasAny = text.utf8.contains { $0 == 0x0A || $0 == 0x0D }
            #expect(before.hasLineBreaks == hasAny, "MILLRACE_TEST_SEED=\(seed)")
            JSONLineBreaks.replaceBetweenTokens(in: &buffer)
            let after = try JSONValidator.validate(buffer, depthMax: 512)
            #expect(!after.hasLineBreaks && after.value == before.value && after.kind == before.kind)
            #expect(!buffer.readableBytesView.contains { $0 == 0x0A || $0 == 0x0D })
            let read = try buffer.withUnsafeReadableBytes { bytes throws in try Tree.read(bytes) }
            #expect(read == tree, "MILLRACE_TEST_SEED=\(seed): \(text)")
        }
    }

    /// Accepts and refuses as Foundation does, but for what the two are known to see differently.
    @Test func agreesWithFoundationOnMutations() {
        let seed = SeededGenerator.seed(for: "agreesWithFoundationOnMutations")
        var generator = DocumentGenerator(seed: seed)
        for _ in 0..<400 {
            let original = Array(generator.next().text.utf8)
            for _ in 0..<10 {
                let document = mutated(original, &generator.random)
                guard !isSeenDifferently(document) else { continue }
                let theirs =
                    (try? JSONSerialization.jsonObject(with: Data(document), options: .fragmentsAllowed)) != nil
                let text = String(decoding: document, as: UTF8.self)
                #expect(isAccepted(document) == theirs, "MILLRACE_TEST_SEED=\(seed): \(text)")
            }
        }
    }

    /// Every proper prefix of a document that ends with a bracket is refused, with a place inside it.
    @Test func refusesEveryTruncation() {
        let seed = SeededGenerator.seed(for: "refusesEveryTruncation")
        var generator = DocumentGenerator(seed: seed)
        for _ in 0..<30 {
            let document = Array("[\(generator.next().text)]".utf8)
            for length in 0..<document.count {
                guard case .failure(let error) = validated(Array(document[..<length])) else {
                    Issue.record("accepted \(length) of \(document.count), MILLRACE_TEST_SEED=\(seed)")
                    continue
                }
                #expect(error.byteOffset <= length)
            }
        }
    }

    @Test func nothingTrapsOnTruncations() {
        let seed = SeededGenerator.seed(for: "nothingTrapsOnTruncations")
        var generator = DocumentGenerator(seed: seed)
        var documents = (0..<10).map { _ in Array(generator.next().text.utf8.prefix(400)) }
        documents.append(Array(#"{"records":[{"key":"a\u00e9\ud83d\ude00","value":{"a":[1,-2.5e3,true]}}],"a":"#.utf8))
        documents.append(Array(#"[["\\",{"a\"b":[null,{"":""}]}],"TWlsbHJhY2U=","\/"]"#.utf8))
        for document in documents {
            for length in 0...document.count {
                Exercise.everything(Array(document[..<length]))
                Exercise.everything(Array(document[length...]))
            }
        }
    }

    @Test func nothingTrapsOnGarbage() {
        let seed = SeededGenerator.seed(for: "nothingTrapsOnGarbage")
        var random = SeededGenerator(seed: seed)
        let tokens = Array("{}[]\",:\\u0dD8-1.eE+ \n\rtfn/".utf8) + [0x00, 0x7F, 0x80, 0xC3, 0xE2, 0xED, 0xF4, 0xFF]
        for _ in 0..<3000 {
            let length = Int.random(in: 0...40, using: &random)
            Exercise.everything((0..<length).map { _ in tokens.randomElement(using: &random) ?? 0 })
        }
    }

    /// An empty buffer has no base address at all.
    @Test func nothingTrapsOnNothing() {
        Exercise.everything(UnsafeRawBufferPointer(start: nil, count: 0))
        Exercise.everything([])
    }

    private func mutated(_ original: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        let alphabet =
            Array("{}[]\",:\\/u0123456789-.eE+ \n\rtfnabr".utf8) + [0x01, 0x7F, 0x80, 0xC3, 0xED, 0xF0, 0xFF]
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            let byte = alphabet.randomElement(using: &random) ?? 0
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[place] = byte
            case 1: bytes.insert(byte, at: place)
            case 2: bytes.remove(at: place)
            default: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &random))
            }
        }
        return bytes
    }

    /// Foundation refuses escaped lone surrogates and numbers out of range, which RFC 8259's grammar has, accepts a
    /// comma after an array's last element, which it has not, and guesses UTF-16 and UTF-32 from the first bytes.
    private func isSeenDifferently(_ document: [UInt8]) -> Bool {
        let text = String(decoding: document, as: UTF8.self).lowercased()
        let hasHugeNumber = text.contains(/[0-9]{20}|e[+-]?[0-9]{3}/)
        let hasLastComma = text.contains(/,[ \t\r\n]*\]/)
        return text.contains("\\ud") || hasHugeNumber || hasLastComma
            || document.prefix(4).contains { $0 == 0 || $0 >= 0xEF }
    }
}
