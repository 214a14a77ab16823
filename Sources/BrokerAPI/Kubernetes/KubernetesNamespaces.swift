import JSONBytes

/// What there is of Kubernetes' core group: namespaces, to be read.
///
/// The group must be there for its kind `List` to be known, in which `kubectl get -o yaml` writes several objects and in which
/// it takes them back.
enum KubernetesNamespaces {
    /// The resources of the core group: one.
    static func resources() -> APIReply {
        .json { json in
            json.field("kind", "APIResourceList")
            json.field("groupVersion", "v1")
            json.list("resources", [()]) { _, json in
                json.beginObject()
                json.field("name", "namespaces")
                json.field("singularName", "namespace")
                json.key("namespaced")
                json.bool(false)
                json.field("kind", "Namespace")
                json.list("verbs", ["get", "list"]) { $1.string($0) }
                json.list("shortNames", ["ns"]) { $1.string($0) }
                json.endObject()
            }
        }
    }

    /// All namespaces.
    static func list(_ names: [String], _ context: RequestContext) throws -> APIReply {
        _ = try KubernetesForm(context)
        return .json { json in
            json.field("kind", "NamespaceList")
            json.field("apiVersion", "v1")
            // They have no versions: nobody can watch them.
            json.object("metadata") { $0.field("resourceVersion", "") }
            json.list("items", names) { name, json in
                json.beginObject()
                write(name, to: &json)
                json.endObject()
            }
        }
    }

    /// One of all namespaces.
    static func show(_ name: String, of names: [String], _ context: RequestContext) throws -> APIReply {
        _ = try KubernetesForm(context)
        guard names.contains(name) else {
            throw KubernetesStatus(
                code: .notFound,
                reason: .notFound,
                message: "namespaces \"\(Problem.shown(name))\" not found"
            )
        }
        return .json { write(name, to: &$0) }
    }

    /// Writes the fields of a namespace into an object that is open.
    private static func write(_ name: String, to json: inout JSONWriter) {
        json.field("kind", "Namespace")
        json.field("apiVersion", "v1")
        json.object("metadata") { json in
            json.field("name", name)
            json.object("labels") { $0.field("kubernetes.io/metadata.name", name) }
        }
        json.object("spec") { _ in }
        json.object("status") { $0.field("phase", "Active") }
    }
}
