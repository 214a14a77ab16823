import JSONBytes

/// What the OpenAPI document of version 3 says of one resource.
struct KubernetesResourceSchema {
    private let resource: String
    private let kind: String

    /// The part of a collection.
    init(_ resource: String) {
        self.resource = resource
        kind = KubernetesNames.kind(of: resource)
    }

    private var model: String { "dev.millrace.\(KubernetesNames.version).\(kind)" }

    /// Writes the paths: of all objects, and of one.
    func writePaths(to json: inout JSONWriter) {
        let collection = "\(KubernetesNames.root)/namespaces/{namespace}/\(resource)"
        json.object(collection) { json in
            writeOperation("get", "list", to: &json)
            writeOperation("post", "post", bodies: ["application/json"], to: &json)
            writeParameters(["namespace"], to: &json)
        }
        json.object("\(collection)/{name}") { json in
            writeOperation("get", "get", to: &json)
            writeOperation("put", "put", bodies: ["application/json"], to: &json)
            writeOperation("patch", "patch", bodies: ItemPatch.mediaTypes, to: &json)
            writeOperation("delete", "delete", to: &json)
            writeParameters(["namespace", "name"], to: &json)
        }
    }

    /// Writes the model of an object.
    func writeModels(to json: inout JSONWriter) {
        json.object(model) { json in
            json.field("type", "object")
            json.field("description", "An item of the collection \(resource): the latest value of a key.")
            json.object("properties") { json in
                writeText("apiVersion", "Always \(KubernetesNames.apiVersion).", to: &json)
                writeText("kind", "Always \(kind).", to: &json)
                json.object("metadata") { writeMetadata(to: &$0) }
                json.object("value") { json in
                    json.field("description", "The record's value: any JSON but null.")
                    json.key("x-kubernetes-preserve-unknown-fields")
                    json.bool(true)
                }
                writeText("valueBase64", "The bytes of a value that is not JSON, instead of it.", to: &json)
            }
            json.list("x-kubernetes-group-version-kind", [()]) { writeIdentity(to: &$1) }
        }
    }

    private func writeMetadata(to json: inout JSONWriter) {
        json.field("type", "object")
        json.field("description", "What Millrace knows of the item beside its value.")
        json.object("properties") { json in
            writeText("name", "The record's key.", to: &json)
            writeText("namespace", "The topic's namespace.", to: &json)
            writeText("uid", "The same for all versions of an object.", to: &json)
            writeText("resourceVersion", "The item's version; in a write, the one that it must have.", to: &json)
            writeText("creationTimestamp", "When the key came into being.", to: &json)
            writeTexts("labels", "The record's headers that begin with label.", to: &json)
            writeTexts("annotations", "The record's headers that begin with annotation.", to: &json)
        }
    }

    private func writeText(_ name: String, _ description: String, to json: inout JSONWriter) {
        json.object(name) { json in
            json.field("type", "string")
            json.field("description", description)
        }
    }

    private func writeTexts(_ name: String, _ description: String, to json: inout JSONWriter) {
        json.object(name) { json in
            json.field("type", "object")
            json.field("description", description)
            json.object("additionalProperties") { $0.field("type", "string") }
        }
    }

    private func writeIdentity(to json: inout JSONWriter) {
        json.beginObject()
        json.field("group", KubernetesNames.group)
        json.field("version", KubernetesNames.version)
        json.field("kind", kind)
        json.endObject()
    }

    private func writeOperation(_ method: String, _ action: String, bodies: [String] = [], to json: inout JSONWriter) {
        json.object(method) { json in
            json.field("operationId", "\(action)\(kind)")
            json.field("x-kubernetes-action", action)
            json.key("x-kubernetes-group-version-kind")
            writeIdentity(to: &json)
            let names = bodies.isEmpty ? [] : ["dryRun", "fieldManager", "fieldValidation"]
            json.list("parameters", names) { Self.writeParameter($0, in: "query", to: &$1) }
            if !bodies.isEmpty {
                json.object("requestBody") { json in
                    json.object("content") { json in
                        for body in bodies { writeContent(body, to: &json) }
                    }
                }
            }
            json.object("responses") { json in
                json.object("200") { json in
                    json.field("description", "OK")
                    json.object("content") { writeContent("application/json", to: &$0) }
                }
            }
        }
    }

    private func writeContent(_ type: String, to json: inout JSONWriter) {
        json.object(type) { json in
            json.object("schema") { json in
                if ItemPatch.mediaTypes.contains(type) { return }
                json.field("$ref", "#/components/schemas/\(model)")
            }
        }
    }

    private func writeParameters(_ names: [String], to json: inout JSONWriter) {
        json.list("parameters", names) { Self.writeParameter($0, in: "path", to: &$1) }
    }

    private static func writeParameter(_ name: String, in place: String, to json: inout JSONWriter) {
        json.beginObject()
        json.field("name", name)
        json.field("in", place)
        if place == "path" {
            json.key("required")
            json.bool(true)
        }
        json.object("schema") { $0.field("type", "string") }
        json.endObject()
    }
}
