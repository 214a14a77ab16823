import BenchSupport
import FoundationEssentials
import Glibc

/// One run of fio: a thread that writes 64 KiB and flushes it, again and again.
struct Fio {
    /// It is not there, or did not run.
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// Which file it writes.
    enum File: String {
        /// One that grows.
        case growing
        /// One that was written before, round and round, as the journal's ring.
        case preWritten
    }

    private struct Report: Decodable {
        struct Job: Decodable {
            let write: Write
        }

        struct Write: Decodable {
            let bwBytes: Double

            enum CodingKeys: String, CodingKey {
                case bwBytes = "bw_bytes"
            }
        }

        let jobs: [Job]
    }

    let directory: String
    let seconds: Int
    let blockBytes: Int

    /// Bytes a second.
    func run(_ file: File) throws -> Double {
        let path = "\(directory)/fio.\(file.rawValue)"
        let output = "\(directory)/fio.json"
        let child = try ChildProcess(
            [
                "fio", "--name=append", "--rw=write", "--bs=\(blockBytes)", "--fdatasync=1", "--ioengine=psync",
                "--time_based=1", "--runtime=\(seconds)", "--filename=\(path)", "--refill_buffers=1",
                "--fallocate=none", "--output-format=json", "--output=\(output)",
            ] + (file == .growing ? ["--size=16g"] : ["--size=128m", "--overwrite=1"])
        )
        child.output.forEachLine { _ in }
        var errors: [String] = []
        child.errors.forEachLine { errors.append($0) }
        guard child.wait() == 0 else {
            throw Failed(description: "fio failed (.ci/setup bench installs it): \(errors.joined(separator: " "))")
        }
        defer { unlink(path) }
        let report = try JSONDecoder().decode(Report.self, from: Data(contentsOf: URL(filePath: output)))
        guard let bytes = report.jobs.first?.write.bwBytes else { throw Failed(description: "fio told nothing") }
        return bytes
    }
}
