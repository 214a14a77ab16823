import Glibc
import SystemPackage

/// The kernel's list of mounts (proc(5), /proc/self/mountinfo), asked for one thing: the type of the volume under a path.
///
/// The list tells ext4 from ext2 and the like, which the magic number of statfs(2) does not, and that call is in no header
/// that Swift's Glibc module has.
struct PosixMounts {
    private struct Mount {
        let point: FilePath
        let type: String
    }

    private let mounts: [Mount]

    /// Reads the text of mountinfo; a line that cannot be understood is left out.
    init(text: String) {
        mounts = text.split(separator: "\n").compactMap(Self.mount)
    }

    /// The list of this process.
    static func current() throws(Errno) -> PosixMounts {
        try PosixCall.typed {
            let descriptor = try FileDescriptor.open(
                "/proc/self/mountinfo",
                .readOnly,
                options: .closeOnExec
            )
            return try descriptor.closeAfter {
                var text: [UInt8] = []
                var piece = [UInt8](repeating: 0, count: 16 * 1024)
                while true {
                    let count = try piece.withUnsafeMutableBytes { try descriptor.read(into: $0) }
                    if count == 0 { break }
                    text += piece[..<count]
                }
                return PosixMounts(text: String(decoding: text, as: UTF8.self))
            }
        }
    }

    /// The type of the volume that an absolute path without links lies on: of the deepest mount above it, and of several at
    /// one place the last, which hides the others.
    func type(of path: FilePath) -> String? {
        var best: Mount?
        for mount in mounts where path.starts(with: mount.point) {
            if let best, best.point.components.count > mount.point.components.count { continue }
            best = mount
        }
        return best?.type
    }

    /// A line is `36 35 98:0 /root /point options optional... - ext4 /dev/sda rw`.
    private static func mount(_ line: Substring) -> Mount? {
        let fields = line.split(separator: " ")
        guard let dash = fields.firstIndex(of: "-"), dash >= 5, fields.count > dash + 1 else { return nil }
        return Mount(point: FilePath(unescaped(fields[4])), type: String(fields[dash + 1]))
    }

    /// Blanks, tabs, line ends and backslashes stand there as `\040` and so on.
    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = field.utf8
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.count >= 3,
                let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
