import BrokerCore
import Crypto
import JSONBytes
import NIOCore
import RecordFormat

/// Makes and verifies the tokens with which commits name a member: bound to group, member and principal.
///
///     token = base64url(member) "." base64url(HMAC-SHA256(key, text))
///     text  = "millrace-session-1" 0 namespace 0 group 0 member 0 principal
///
/// The parts are told apart by a zero byte, which no name holds and a member's id must not. A token is valid for any
/// connection of its principal; it is not a password, but it is never logged either.
struct SessionTokens: Sendable {
    private let key: SymmetricKey

    /// Signs with the data directory's key.
    init(secretKey: [UInt8]) {
        key = SymmetricKey(data: secretKey)
    }

    /// The token of a member.
    func token(group: GroupName, member: String, principal: Principal) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: Self.text(group, member, principal), using: key)
        return Base64URL.encode(Array(member.utf8)) + "." + Base64URL.encode(Array(code))
    }

    /// The member that a token names; nil when it was not made here for this group and principal.
    func member(of token: String, group: GroupName, principal: Principal) -> String? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, token.utf8.count <= 2048,
            let name = Base64URL.decode(parts[0]), let member = String(validating: name, as: UTF8.self),
            !name.contains(0),
            let code = Base64URL.decode(parts[1])
        else { return nil }
        // Compared in constant time by the library.
        let isValid = HMAC<SHA256>.isValidAuthenticationCode(
            code,
            authenticating: Self.text(group, member, principal),
            using: key
        )
        return isValid ? member : nil
    }

    private static func text(_ group: GroupName, _ member: String, _ principal: Principal) -> [UInt8] {
        let parts = ["millrace-session-1", group.namespace.value, group.name, member, principal.name]
        return Array(parts.joined(separator: "\0").utf8)
    }
}

/// Base64 with the URL alphabet and no padding (RFC 4648 section 5).
enum Base64URL {
    /// The text of some bytes.
    static func encode(_ bytes: [UInt8]) -> String {
        var buffer = ByteBuffer()
        bytes.withUnsafeBytes { Base64.encode($0, into: &buffer) }
        let text = buffer.readableBytesView.compactMap { byte -> UInt8? in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: byte
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text; nil when it is not of this alphabet.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var standard: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-"): standard.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): standard.append(UInt8(ascii: "/"))
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
            default: standard.append(byte)
            }
        }
        while standard.count % 4 != 0 { standard.append(UInt8(ascii: "=")) }
        var buffer = ByteBuffer()
        let isValid: Void? = try? standard.withUnsafeBytes { bytes in try Base64.decode(bytes, into: &buffer) }
        return isValid.map { Array(buffer.readableBytesView) }
    }
}
