/// A refusal as the broker words it: `application/problem+json` (RFC 9457).
public struct Problem: Sendable, Hashable {
    /// The HTTP status.
    public let status: Int
    /// The machine-readable reason, such as `topic-not-found`; empty when the answer was no problem document.
    public let code: String
    /// What is wrong, in a few words.
    public let title: String
    /// What exactly is wrong, and what to do about it.
    public let detail: String
    /// Whether the same request may succeed later.
    public let isRetryable: Bool
    /// Whether it is certain that nothing was stored or changed.
    public let hasNoSideEffects: Bool
    /// When to try again, if the broker said so.
    public let retryAfter: Duration?

    /// Creates a problem.
    public init(
        status: Int,
        code: String,
        title: String,
        detail: String,
        isRetryable: Bool,
        hasNoSideEffects: Bool,
        retryAfter: Duration? = nil
    ) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.isRetryable = isRetryable
        self.hasNoSideEffects = hasNoSideEffects
        self.retryAfter = retryAfter
    }
}

extension Problem {
    /// Whether it is a gateway's word and not the broker's: no problem document, and a status that gateways answer with.
    var isForeign: Bool { code.isEmpty && (502...504).contains(status) }
}

extension Problem: CustomStringConvertible {
    /// The detail, with code and status.
    public var description: String {
        let text = detail.isEmpty ? title : detail
        return code.isEmpty ? "\(text) (HTTP \(status))" : "\(text) (\(code), HTTP \(status))"
    }
}

extension Problem: Decodable {
    private enum CodingKeys: String, CodingKey {
        case status, code, title, detail, retryable, noSideEffects, retryAfterMs
    }

    /// Decodes a problem document; members that are missing get cautious values.
    public init(from decoder: any Decoder) throws {
        let document = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            status: try document.decodeIfPresent(Int.self, forKey: .status) ?? 0,
            code: try document.decodeIfPresent(String.self, forKey: .code) ?? "",
            title: try document.decodeIfPresent(String.self, forKey: .title) ?? "",
            detail: try document.decodeIfPresent(String.self, forKey: .detail) ?? "",
            isRetryable: try document.decodeIfPresent(Bool.self, forKey: .retryable) ?? false,
            hasNoSideEffects: try document.decodeIfPresent(Bool.self, forKey: .noSideEffects) ?? false,
            retryAfter: try document.decodeIfPresent(Int64.self, forKey: .retryAfterMs).map { .milliseconds($0) }
        )
    }
}
