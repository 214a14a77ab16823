import Glibc

/// On what it was measured, and which versions; nothing that names the machine.
package struct Machine: Codable, Hashable {
    package let processor: String
    package let processorCount: Int
    package let memoryGibibytes: Int
    package let kernel: String
    package let fileSystem: String
    package let versions: [String: String]

    /// The machine whose files lie in a directory.
    ///
    /// - Parameter versions: Those of others than Millrace and Swift.
    package init(of directory: String, versions: [String: String?] = [:]) {
        let place = Place(of: directory)
        processor = place.processor
        processorCount = place.processorCount
        kernel = place.kernel
        fileSystem = "\(place.fileSystem) (\(place.options))"
        let memory = (try? TextFile.read("/proc/meminfo"))?.split(separator: "\n").first?.split(separator: " ")
        memoryGibibytes = Int((memory?.dropFirst().first.flatMap { Double($0) } ?? 0) / 1_048_576 + 0.5)
        let own = [
            "Millrace": Tool.firstLine(["git", "describe", "--always", "--dirty"]),
            "Swift": Tool.firstLine(["swift", "--version"])?.replacing("Swift version ", with: ""),
        ]
        self.versions = own.merging(versions) { $1 }.compactMapValues { $0 }
    }

    /// A line of a list, for the documents.
    package var text: String {
        let versions = versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let size = "\(processorCount) x \(processor), \(memoryGibibytes) GiB"
        return "- \(size); Linux \(kernel); \(fileSystem). \(versions.joined(separator: "; "))."
    }

    /// The day, of which results are.
    package static var today: String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    }
}
