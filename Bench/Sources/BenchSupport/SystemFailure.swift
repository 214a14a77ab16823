import Glibc

/// A system call that was refused: which, on what, and why.
package struct SystemFailure: Error, CustomStringConvertible {
    /// The call's name.
    package let call: String
    /// What it was called on.
    package let path: String
    /// The error number.
    package let code: Int32

    /// A refusal that was seen.
    package init(call: String, path: String, code: Int32) {
        self.call = call
        self.path = path
        self.code = code
    }

    /// One line.
    package var description: String {
        "\(call) \(path): \(String(cString: strerror(code)))"
    }

    /// Passes a result on, or throws when it says failure.
    @discardableResult
    package static func check<Result: SignedInteger>(_ result: Result, _ call: String, _ path: String) throws -> Result
    {
        guard result >= 0 else { throw SystemFailure(call: call, path: path, code: errno) }
        return result
    }
}
