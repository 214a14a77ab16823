import RecordFormat
import SystemPackage

/// A call that fails.
public struct StoreFault: Hashable, Sendable, CustomStringConvertible {
    /// The ways in which calls fail.
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        /// The device fails.
        case eio
        /// The volume is full.
        case enospc
        /// Half of a write is done, then the volume is full.
        case short
        /// A signal comes.
        case eintr
        /// The process has too many files open.
        case emfile

        /// Whether a call of that kind can fail so.
        func fits(_ call: SimulatedCall) -> Bool {
            switch self {
            case .eio, .eintr: true
            case .enospc: call.kind.changesImage
            case .short: call.kind == .write || call.kind == .directWrite
            case .emfile: call.needsDescriptor
            }
        }
    }

    /// Which call, by its number.
    public let call: Int
    /// How it fails.
    public let kind: Kind

    /// Creates a fault.
    public init(call: Int, kind: Kind) {
        self.call = call
        self.kind = kind
    }

    /// As a command line has it: `CALL=FAULT`.
    public var description: String { "\(call)=\(kind.rawValue)" }

    /// Reads what `description` wrote.
    public init?(_ text: some StringProtocol) {
        let words = text.split(separator: "=")
        guard words.count == 2, let call = Int(words[0]), let kind = Kind(rawValue: String(words[1])) else {
            return nil
        }
        self.init(call: call, kind: kind)
    }

    func plan(on fileSystem: SimulatedFileSystem) {
        switch kind {
        case .eio: fileSystem.fail(call: call, with: .ioError)
        case .enospc: fileSystem.fail(call: call, with: .noSpace)
        case .short: fileSystem.shortenWrite(call: call, to: ByteCount(40))
        case .eintr: fileSystem.fail(call: call, with: .interrupted)
        case .emfile: fileSystem.fail(call: call, with: .tooManyOpenFiles)
        }
    }
}
