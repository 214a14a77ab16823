import BrokerCore
import JSONBytes
import NIOCore
import RecordFormat

/// What things are called in the Kubernetes facade.
enum KubernetesNames {
    /// The API group of all collections.
    static let group = "millrace.dev"
    /// The group's only version.
    static let version = "v1"
    /// The `apiVersion` of objects.
    static let apiVersion = "\(group)/\(version)"
    /// Where the facade's objects live.
    static let root = "/apis/\(apiVersion)"
    /// The longest name of an object, in bytes.
    static let objectBytesMax = 253

    /// Whether a collection's name can be that of a resource: a DNS label as RFC 1035 has it.
    static func isResource(_ name: String) -> Bool {
        guard name.utf8.count <= 63, let first = name.utf8.first, let last = name.utf8.last else { return false }
        guard isLower(first), isLower(last) || isDigit(last) else { return false }
        return name.utf8.allSatisfy { isLower($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
    }

    /// The kind of a collection's objects: `Prices` for `prices`, `OrderStatus` for `order-status`.
    ///
    /// A dash goes where a letter follows that can be raised instead, so that no two collections have the same kind.
    static func kind(of resource: String) -> String {
        var kind: [UInt8] = []
        var rest = Array(resource.utf8)[...]
        var isStart = true
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "-"), let next = rest.first, isLower(next) {
                isStart = true
            } else {
                kind.append(isStart && isLower(byte) ? byte - 0x20 : byte)
                isStart = false
            }
        }
        return String(decoding: kind, as: UTF8.self)
    }

    /// Whether an object of this name can be asked for: Kubernetes' clients send it as one segment of a path.
    ///
    /// That is the wider of Kubernetes' two rules, so that keys such as `AAPL` have their place.
    static func isObject(_ name: String) -> Bool {
        guard (1...objectBytesMax).contains(name.utf8.count), name != ".", name != ".." else { return false }
        return name.unicodeScalars.allSatisfy {
            $0 != "/" && $0 != "%" && $0.properties.generalCategory != .control
        }
    }

    /// The name under which a key is listed: the key, or a text that is the name of no object.
    static func name(ofKey key: ByteBuffer) -> String {
        let bytes = key.readableBytesView
        if let text = String(validating: bytes, as: UTF8.self), !text.hasPrefix(encodedPrefix) { return text }
        return encodedPrefix + Base64URL.encode(Array(bytes))
    }

    /// What names begin with that stand for keys that are not UTF-8.
    static let encodedPrefix = "%base64:"

    private static func isLower(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
