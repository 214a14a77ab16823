import Glibc

/// A system call that was refused: which, on what, and why.
struct SystemFailure: Error, CustomStringConvertible {
    let call: String
    let path: String
    let code: Int32

    var description: String {
        "\(call) \(path): \(String(cString: strerror(code)))"
    }

    /// Passes a result on, or throws when it says failure.
    @discardableResult
    static func check<Result: SignedInteger>(_ result: Result, _ call: String, _ path: String) throws -> Result {
        guard result >= 0 else { throw SystemFailure(call: call, path: path, code: errno) }
        return result
    }
}
