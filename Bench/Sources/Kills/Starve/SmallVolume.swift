import BenchSupport
import Glibc

/// A small file system of its own: ext4 in a file, mounted through a loop device.
///
/// Needs root.
struct SmallVolume {
    /// It cannot be mounted here, as in most containers.
    struct Unavailable: Error, CustomStringConvertible {
        let description: String
    }

    let path: String
    private let balloon: String

    init(below scratch: String, mebibytes: Int) throws {
        let image = "\(scratch)/volume.img"
        path = "\(scratch)/volume"
        balloon = "\(scratch)/volume/balloon"
        try Self.run(["truncate", "-s", "\(mebibytes)M", image])
        try Self.run(["mkfs.ext4", "-q", "-m", "0", image])
        try Self.run(["mkdir", path])
        try Self.run(["mount", "-o", "loop", image, path])
    }

    /// Takes the room that is left but for some.
    func fill(leaving mebibytes: Int) throws {
        let room = try freeBytes() - mebibytes << 20
        guard room > 0 else { return }
        let descriptor = try SystemFailure.check(open(balloon, O_CREAT | O_RDWR | O_CLOEXEC, 0o644), "open", balloon)
        defer { close(descriptor) }
        let code = posix_fallocate(descriptor, 0, off_t(room))
        guard code == 0 else { throw SystemFailure(call: "posix_fallocate", path: balloon, code: code) }
    }

    /// Gives the room back.
    func empty() {
        unlink(balloon)
    }

    func freeBytes() throws -> Int {
        var facts = statvfs()
        try SystemFailure.check(statvfs(path, &facts), "statvfs", path)
        return Int(facts.f_bavail) * Int(facts.f_frsize)
    }

    func unmount() {
        try? Self.run(["umount", path])
    }

    private static func run(_ command: [String]) throws {
        let child = try ChildProcess(command)
        var text: [String] = []
        child.errors.forEachLine { text.append($0) }
        let status = child.wait()
        guard status == 0 else {
            throw Unavailable(
                description: "\(command.joined(separator: " ")) failed (\(status)): \(text.joined(separator: " "))"
            )
        }
    }
}
