import BrokerAPI
import HTTPTypes
import NIOHTTP1

/// The fields that every answer has: when and by what it was made, and which web pages may read it.
struct CommonFields: Sendable {
    let api: API
    /// Milliseconds since 1970.
    let now: @Sendable () -> Int64

    /// Puts them into the head of an answer.
    ///
    /// - Parameters:
    ///   - origin: the web page that asks, where the request tells one.
    ///   - date: the date as it was last written.
    func add(to headers: inout HTTPHeaders, origin: String?, _ date: inout WrittenDate) {
        headers.replaceOrAdd(name: "Date", value: date.text(secondsSinceEpoch: now() / 1000))
        headers.replaceOrAdd(name: "Server", value: "millrace")
        let request: HTTPFields = origin.map { [.origin: $0] } ?? [:]
        for field in api.crossOriginFields(for: request) { headers.add(name: field.name.rawName, value: field.value) }
    }
}
