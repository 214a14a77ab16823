/// A request as bytes.
package struct HTTPRequest {
    package let head: [UInt8]
    package let body: [UInt8]

    /// A request; a body goes with its length.
    package init(_ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8] = []) {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: broker\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if !body.isEmpty { text += "Content-Length: \(body.count)\r\n" }
        head = Array((text + "\r\n").utf8)
        self.body = body
    }

    package var bytes: [UInt8] { head + body }
}
