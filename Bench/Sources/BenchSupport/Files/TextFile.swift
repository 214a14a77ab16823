import Glibc

/// Small files of text, whole.
package enum TextFile {
    package static func read(_ path: String) throws -> String {
        guard let file = fopen(path, "r") else { throw SystemFailure(call: "open", path: path, code: errno) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = fread(&piece, 1, piece.count, file)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += piece[..<count]
        }
    }

    /// Makes a directory, unless it is there.
    package static func makeDirectory(_ path: String) throws {
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw SystemFailure(call: "mkdir", path: path, code: errno)
        }
    }

    /// Writes it in place of what is there.
    package static func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "w") else { throw SystemFailure(call: "open", path: path, code: errno) }
        let bytes = Array(text.utf8)
        let written = fwrite(bytes, 1, bytes.count, file)
        guard fclose(file) == 0, written == bytes.count else {
            throw SystemFailure(call: "write", path: path, code: errno)
        }
    }
}
