import HTTPTypes
import JSONBytes
import NIOCore
import RecordFormat

/// The OpenAPI 3.1 document of a route table.
///
/// Everything in it comes from the table: there is nothing in it that is no route, and a route that is not in it is one of
/// the Kubernetes facade, which has documents of its own.
enum OpenAPIDocument {
    /// Writes the document of a table, with the bounds in force.
    static func text(of table: RouteTable, _ limits: Limits) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.field("openapi", "3.1.0")
        json.object("info") { json in
            json.field("title", "Millrace")
            json.field("version", API.version)
            json.field("summary", "A partitioned event log broker with consumer groups, over plain HTTP.")
            json.field("description", description)
        }
        json.list("servers", ["/"]) { url, json in
            json.beginObject()
            json.field("url", url)
            json.endObject()
        }
        json.object("paths") { writePaths(of: table, limits, to: &$0) }
        json.object("components") { json in
            json.object("schemas") { json in
                for model in Model.allCases {
                    json.key(model.name)
                    model.schema.write(to: &json, limits)
                }
            }
        }
        json.endObject()
        return json.finish()
    }

    /// The path of a route under a namespace of its own choice; nil where there is no such path.
    static func namespaced(_ pattern: String) -> String? {
        pattern.hasPrefix("/v1/") ? "/v1/namespaces/{namespace}/" + pattern.dropFirst("/v1/".count) : nil
    }

    private static func writePaths(of table: RouteTable, _ limits: Limits, to json: inout JSONWriter) {
        var seen: Set<String> = []
        let documented = table.routes.filter { $0.operation != nil }
        for pattern in documented.map(\.pattern) where seen.insert(pattern).inserted {
            let routes = documented.filter { $0.pattern == pattern }
            writePath(pattern, routes, suffix: "", limits, to: &json)
            guard let namespaced = namespaced(pattern) else { continue }
            writePath(namespaced, routes, suffix: "InNamespace", limits, to: &json)
        }
    }

    private static func writePath(
        _ pattern: String,
        _ routes: [Route],
        suffix: String,
        _ limits: Limits,
        to json: inout JSONWriter
    ) {
        json.object(pattern) { json in
            for route in routes {
                guard let operation = route.operation else { continue }
                json.object(route.method.rawValue.lowercased()) { json in
                    let document = OperationDocument(
                        route: route,
                        operation: operation,
                        pattern: pattern,
                        idSuffix: suffix,
                        limits: limits
                    )
                    document.write(to: &json)
                }
            }
        }
    }

    private static let description = """
        Every path under /v1/ exists under /v1/namespaces/{namespace}/ too; the short form is the namespace `default`. HEAD is \
        a GET without the body, except on a group's stream. Query parameters that an operation does not list are refused. \
        Whatever streams, a reading operation or a group's stream, takes a WebSocket handshake (subprotocol millrace.v1), too: \
        each text message is then an object of the schema `Event`; in server-sent events the same object stands in `data`, \
        without `type`, which is the name of the event. The schema of an answer of a streaming media type is that of one line or \
        event: OpenAPI 3.1 has no word for it. Later versions may add fields to answers, and events. A path that is \
        none is 404 `not-found`, another method 405 `method-not-allowed` with Allow. Where web pages of other origins are let \
        in, a preflight of another one is 403 `origin-not-allowed`. The paths for Kubernetes' clients, under /apis, describe \
        themselves at /openapi/v3, in the form that those clients read.
        """
}
