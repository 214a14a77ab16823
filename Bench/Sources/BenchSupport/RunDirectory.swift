import Glibc

/// A directory for everything that a run writes.
package enum RunDirectory {
    /// Makes a new one.
    package static func make(below parent: String, named name: String) throws -> String {
        var template = Array("\(parent)/\(name).XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemFailure(call: "mkdtemp", path: parent, code: errno) }
        return template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? parent }
    }

    /// Makes one with a name of its own, below such a one.
    package static func make(at path: String) throws {
        try SystemFailure.check(mkdir(path, 0o755), "mkdir", path)
    }

    /// Removes a directory with everything in it.
    package static func remove(_ path: String) {
        let child = try? ChildProcess(["rm", "-rf", "--", path])
        _ = child?.wait()
    }
}
