import Foundation
import JSONBytes
import NIOCore

/// A case of the public json-patch-tests suite, read with the module under test: Foundation loses numbers' spelling.
struct PatchCase {
    let document: JSONTree
    let patch: JSONTree
    let expected: JSONTree?
    /// Whether the patch must be refused.
    let isRefused: Bool
    let comment: String

    /// The cases of the public vectors that are not disabled; none in a bare checkout.
    static let all: [PatchCase] = ["spec_tests.json", "tests.json"].flatMap { name in
        Vectors.folder("json-patch").flatMap { try? cases(in: $0.appendingPathComponent(name)) } ?? []
    }

    private static func cases(in file: URL) throws -> [PatchCase] {
        guard case .array(let elements) = try tree(String(decoding: try Data(contentsOf: file), as: UTF8.self)) else {
            return []
        }
        return elements.enumerated().compactMap { index, element in
            guard case .object(let fields) = element, fields["disabled"] == nil, let document = fields["doc"],
                let patch = fields["patch"]
            else { return nil }
            return PatchCase(
                document: document,
                patch: patch,
                expected: fields["expected"],
                isRefused: fields["error"] != nil,
                comment: "\(file.lastPathComponent) \(index): \(fields["comment"].map(text) ?? "")"
            )
        }
    }
}

extension JSONObject {
    subscript(name: String) -> JSONTree? { self[Array(name.utf8)] }
}

/// A document's tree.
func tree(_ text: String) throws -> JSONTree {
    try JSONTree(validating: ByteBuffer(string: text), depthMax: 512)
}

/// A tree as text.
func text(_ tree: JSONTree) -> String {
    var buffer = ByteBuffer()
    tree.write(into: &buffer)
    return String(buffer: buffer)
}

/// What a patch makes of a document, both as text.
func patched(_ document: String, _ patch: String, bytesMax: Int = 1 << 20) throws -> String {
    let patch = try JSONPatch(try tree(patch), operationsMax: 1000)
    return text(try patch.apply(to: try tree(document), bytesMax: bytesMax))
}
