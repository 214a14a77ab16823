import Foundation
import JSONBytes
import NIOCore

/// Runs `body` on a copy of exactly these bytes, so that a read past either end is caught by the pointer's own checks.
func withBytes<T, E: Error>(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(E) -> T) throws(E) -> T {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { copy.deallocate() }
    copy.copyBytes(from: bytes)
    return try body(UnsafeRawBufferPointer(copy))
}

func withBytes<T, E: Error>(_ text: String, _ body: (UnsafeRawBufferPointer) throws(E) -> T) throws(E) -> T {
    try withBytes(Array(text.utf8), body)
}

/// What the validator says of some bytes.
func validated(_ bytes: [UInt8], depthMax: Int = 512) -> Result<JSONShape, JSONError> {
    withBytes(bytes) { bytes in
        do throws(JSONError) {
            return .success(try JSONValidator.validate(bytes, depthMax: depthMax))
        } catch {
            return .failure(error)
        }
    }
}

func validated(_ text: String, depthMax: Int = 512) -> Result<JSONShape, JSONError> {
    validated(Array(text.utf8), depthMax: depthMax)
}

func isAccepted(_ bytes: [UInt8]) -> Bool {
    if case .success = validated(bytes) { true } else { false }
}

extension UnsafeRawBufferPointer {
    func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[range]) }

    func text(_ range: Range<Int>) -> String { String(decoding: self[range], as: UTF8.self) }
}

/// A small generator with a seed that can be printed and given again (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// The seed of this run, `MILLRACE_TEST_SEED` or a new one, printed so that a failure can be played again.
    static func seed(for purpose: String) -> UInt64 {
        let given = ProcessInfo.processInfo.environment["MILLRACE_TEST_SEED"].flatMap { UInt64($0) }
        let seed = given ?? UInt64.random(in: 0...UInt64.max)
        print("\(purpose): MILLRACE_TEST_SEED=\(seed)")
        return seed
    }
}

/// Public test vectors, found by walking up from this file; absent in a bare checkout, and the tests pass without them.
enum Vectors {
    static let jsonParsing: [URL] = {
        guard let folder = folder("json-parsing") else { return [] }
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (files ?? []).filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
    }()

    static func folder(_ name: String) -> URL? {
        var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        while folder.pathComponents.count > 1 {
            let candidate = folder.appendingPathComponent("shared/vectors/\(name)")
            if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
            folder.deleteLastPathComponent()
        }
        return nil
    }
}
