import Foundation
import JSONBytes
import Testing

/// The parsing corpus of JSONTestSuite, where it is at hand.
@Suite struct JSONParsingCorpusTests {
    @Test(.enabled(if: !Vectors.jsonParsing.isEmpty), arguments: Vectors.jsonParsing)
    func corpusFile(_ file: URL) throws {
        let name = file.lastPathComponent
        let bytes = Array(try Data(contentsOf: file))
        let outcome = validated(bytes)
        switch name.prefix(2) {
        case "y_": #expect(throws: Never.self, "\(name)") { try outcome.get() }
        case "n_": #expect(throws: JSONError.self, "\(name)") { try outcome.get() }
        default: #expect(outcome == validated(bytes), "\(name) must be decided the same way each time")
        }
        if case .failure(let error) = outcome { #expect((0...bytes.count).contains(error.byteOffset), "\(name)") }
        Exercise.everything(bytes)
    }

    /// What the corpus leaves open is decided here: RFC 8259's grammar is accepted, what is not UTF-8 is refused.
    @Test(.enabled(if: !Vectors.jsonParsing.isEmpty))
    func openCasesAreDecided() throws {
        let refused: Set = [
            "i_string_UTF-16LE_with_BOM", "i_string_UTF-8_invalid_sequence", "i_string_UTF8_surrogate_U+D800",
            "i_string_invalid_utf-8", "i_string_iso_latin_1", "i_string_lone_utf8_continuation_byte",
            "i_string_not_in_unicode_range", "i_string_overlong_sequence_2_bytes", "i_string_overlong_sequence_6_bytes",
            "i_string_overlong_sequence_6_bytes_null", "i_string_truncated-utf-8", "i_string_utf16BE_no_BOM",
            "i_string_utf16LE_no_BOM", "i_structure_UTF-8_BOM_empty_object",
        ]
        for file in Vectors.jsonParsing where file.lastPathComponent.hasPrefix("i_") {
            let name = file.deletingPathExtension().lastPathComponent
            let accepted = isAccepted(Array(try Data(contentsOf: file)))
            #expect(accepted == !refused.contains(name), "\(name)")
        }
    }
}
