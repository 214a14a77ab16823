import Glibc

/// What a directory takes on its disk.
package enum DiskUse {
    /// Everything below it, as blocks; what goes away meanwhile does not count.
    package static func bytes(below path: String) -> Int {
        guard let directory = opendir(path) else { return 0 }
        defer { closedir(directory) }
        var sum = 0
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            var facts = stat()
            guard lstat("\(path)/\(name)", &facts) == 0 else { continue }
            sum += Int(facts.st_blocks) * 512
            if facts.st_mode & S_IFMT == S_IFDIR { sum += bytes(below: "\(path)/\(name)") }
        }
        return sum
    }
}
