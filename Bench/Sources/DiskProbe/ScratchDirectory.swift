import BenchSupport
import Glibc

/// A new directory for the files of a run; everything in it is removed at the end.
struct ScratchDirectory: Sendable {
    let path: String

    init(below parent: String) throws {
        var template = Array("\(parent)/disk-probe.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw SystemFailure(call: "mkdtemp", path: parent, code: errno)
        }
        path = template.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { String(cString: $0) } ?? parent
        }
    }

    func path(of name: String) -> String {
        "\(path)/\(name)"
    }

    func remove() {
        empty()
        rmdir(path)
    }

    /// Unlinks every file, so that each pattern starts anew and none takes another's room.
    func empty() {
        guard let directory = opendir(path) else { return }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { unlink("\(path)/\(name)") }
        }
        closedir(directory)
    }
}
