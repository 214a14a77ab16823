import Glibc

/// What was measured on: the file system, the device, the kernel, the processor.
///
/// Nothing that names the machine.
package struct Place: Sendable {
    package let fileSystem: String
    package let options: String
    package let kernel: String
    package let processor: String
    package let processorCount: Int

    package init(of path: String) {
        let mount = Mount(of: path)
        fileSystem = mount?.summary ?? "unknown"
        options = mount?.options ?? "unknown"
        kernel = Self.text(of: "/proc/sys/kernel/osrelease")
        let processors = Self.text(of: "/proc/cpuinfo").split(separator: "\n").filter { $0.hasPrefix("model name") }
        processor =
            processors.first?.split(separator: ":").last.map { $0.drop { $0 == " " } }.map(String.init) ?? "unknown"
        processorCount = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    }

    /// The whole of a small file of the kernel's, without its last line break; empty if it cannot be read.
    fileprivate static func text(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The line of /proc/self/mountinfo whose device is the path's.
    private struct Mount {
        let type: String
        let device: String
        let options: String

        init?(of path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            let number = Self.number(of: UInt64(status.st_dev))
            let lines = Place.text(of: "/proc/self/mountinfo").split(separator: "\n")
            guard let line = lines.last(where: { $0.split(separator: " ").dropFirst(2).first == number[...] }) else {
                return nil
            }
            let words = line.split(separator: " ").map(String.init)
            guard let dash = words.firstIndex(of: "-"), dash + 3 < words.count else { return nil }
            type = words[dash + 1]
            device = words[dash + 2]
            options = words[dash + 3]
        }

        /// `major:minor`, taken apart as glibc's macros do, which Swift cannot call.
        private static func number(of device: UInt64) -> String {
            let major = (device >> 8) & 0xFFF | (device >> 32) & ~0xFFF
            let minor = device & 0xFF | (device >> 12) & ~0xFF
            return "\(major):\(minor)"
        }

        /// The type, and for ext4 whether it keeps a journal: the kernel lists each one under /proc/fs/jbd2.
        var summary: String {
            guard type == "ext4" else { return type }
            let name = device.split(separator: "/").last.map(String.init) ?? device
            return access("/proc/fs/jbd2/\(name)-8", F_OK) == 0 ? "ext4 with a journal" : "ext4 without a journal"
        }
    }
}
