import BrokerAPI
import NIOHTTP1

/// The opening handshake of a WebSocket, as the server has to check it (RFC 6455, 4.2.1).
enum Handshake {
    /// Why a request is no handshake; nil when it is one.
    static func refusal(of head: HTTPRequestHead) -> APIReply? {
        guard head.method == .GET, head.headers["sec-websocket-version"] == ["13"] else { return API.upgradeRefused() }
        guard let reason = reason(against: head) else { return nil }
        return API.handshakeRefused(reason)
    }

    private static func reason(against head: HTTPRequestHead) -> String? {
        if (head.version.major, head.version.minor) < (1, 1) { return "it is a request of HTTP/1.1" }
        if head.headers["host"].count != 1 { return "it has one Host field" }
        if !head.headers[canonicalForm: "connection"].contains(where: { $0.lowercased() == "upgrade" }) {
            return "it says Connection: Upgrade"
        }
        let keys = head.headers["sec-websocket-key"]
        guard keys.count == 1, isKey(keys[0]) else { return "it has one Sec-WebSocket-Key: 16 bytes in base64" }
        return nil
    }

    /// Whether a text is the base64 of 16 bytes: 22 digits and two signs for what is missing.
    private static func isKey(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.count == 24 && bytes.suffix(2) == [UInt8(ascii: "="), UInt8(ascii: "=")]
            && bytes.prefix(22).allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}
