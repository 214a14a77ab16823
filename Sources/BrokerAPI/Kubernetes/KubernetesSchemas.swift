import Crypto
import HTTPTypes
import JSONBytes
import NIOCore

/// The facade's OpenAPI documents, as far as `kubectl` reads them.
///
/// Version 3 describes every resource; `kubectl explain` and the look for `fieldValidation` read it. Version 2 is one
/// without definitions: an older `kubectl` asks for it before it sends anything, and passes over kinds that it does not have.
enum KubernetesSchemas {
    /// The media type of the version 2 document in protobuf.
    private static let protobufType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    /// It, and how clients still ask for it: with an `@`, which they do not read in an answer.
    private static let protobufTypes = [
        protobufType, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
    ]

    /// The document of version 2.
    static func version2(_ context: RequestContext) throws -> APIReply {
        for type in AcceptHeader.types(context.request.headers[values: .accept]) {
            if protobufTypes.contains(type) { return protobuf() }
            if ["application/json", "application/*", "*/*"].contains(type) {
                return .json { json in
                    json.field("swagger", "2.0")
                    json.object("info") { writeInformation(to: &$0) }
                    json.object("paths") { _ in }
                    json.object("definitions") { _ in }
                }
            }
        }
        throw KubernetesStatus.notAcceptable(["application/json"] + protobufTypes)
    }

    /// `openapi.v2.Document` of gnostic: field 1 `swagger`, 2 `info` (1 `title`, 2 `version`), 8 `paths`.
    private static func protobuf() -> APIReply {
        func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
            // Lengths below 128 are one byte, and nothing here is longer.
            [number << 3 | 2, UInt8(bytes.count)] + bytes
        }
        let information = field(1, Array("Millrace".utf8)) + field(2, Array(API.version.utf8))
        let document = field(1, Array("2.0".utf8)) + field(2, information) + field(8, [])
        return APIReply(
            status: .ok,
            headers: [.contentType: protobufType, .cacheControl: "no-store"],
            body: .bytes(ByteBuffer(bytes: document))
        )
    }

    /// Where the documents of version 3 are; their addresses change with what they say, for clients keep them.
    static func index(_ resources: [String]) -> APIReply {
        let digest = SHA256.hash(data: Array((resources + [API.version]).joined(separator: "/").utf8))
        let hash = digest.prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return .json { json in
            json.object("paths") { json in
                json.object("apis/\(KubernetesNames.apiVersion)") { json in
                    json.field("serverRelativeURL", "/openapi/v3/apis/\(KubernetesNames.apiVersion)?hash=\(hash)")
                }
            }
        }
    }

    /// The document of version 3.
    static func version3(_ resources: [String]) -> APIReply {
        .json { json in
            json.field("openapi", "3.0.0")
            json.object("info") { writeInformation(to: &$0) }
            json.object("paths") { json in
                for resource in resources { KubernetesResourceSchema(resource).writePaths(to: &json) }
            }
            json.object("components") { json in
                json.object("schemas") { json in
                    for resource in resources { KubernetesResourceSchema(resource).writeModels(to: &json) }
                }
            }
        }
    }

    private static func writeInformation(to json: inout JSONWriter) {
        json.field("title", "Millrace")
        json.field("version", API.version)
    }
}
