// `environ` is a global of C that anything might change; nothing in this process does.
@preconcurrency import Glibc

/// The process's environment.
enum Environment {
    /// The value of a variable, unless it is unset or empty.
    static func value(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    /// A path that means the same from everywhere, for logs and errors as well.
    static func absolutePath(_ path: String) -> String {
        guard !path.hasPrefix("/"), let directory = getcwd(nil, 0) else { return path }
        defer { free(directory) }
        return String(cString: directory) + "/" + path
    }

    /// The names of all variables with a prefix, sorted.
    static func names(withPrefix prefix: String) -> [String] {
        all.map { String($0.prefix { $0 != "=" }) }.filter { $0.hasPrefix(prefix) }.sorted()
    }

    /// All variables, `NAME=value` each.
    static var all: [String] {
        var all: [String] = []
        var next = environ
        while let entry = next.pointee {
            all.append(String(cString: entry))
            next += 1
        }
        return all
    }
}
