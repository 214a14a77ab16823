import HTTPTypes
import JSONBytes

/// What there is, as Kubernetes' clients ask for it before anything else.
enum KubernetesDiscovery {
    /// What can be done with an object.
    private static let verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]

    /// Which Kubernetes API this is, and that it is Millrace which serves it.
    static func version() -> APIReply {
        let version = KubernetesFacade.kubernetesVersion
        return .json { json in
            json.field("major", version.major)
            json.field("minor", version.minor)
            json.field("gitVersion", "v\(version.major).\(version.minor).\(version.patch)+millrace.\(API.version)")
            // Clients want each of these to be there.
            for name in ["gitCommit", "buildDate", "goVersion"] { json.field(name, "") }
            json.field("gitTreeState", "clean")
            json.field("compiler", "swift")
            json.field("platform", "linux")
        }
    }

    /// The versions of Kubernetes' core group: one, for the kinds `List` and `Namespace`.
    static func coreVersions() -> APIReply {
        .json { json in
            json.field("kind", "APIVersions")
            json.list("versions", ["v1"]) { $1.string($0) }
            json.list("serverAddressByClientCIDRs", [String]()) { $1.string($0) }
        }
    }

    /// The groups: one.
    static func groups() -> APIReply {
        .json { json in
            json.field("kind", "APIGroupList")
            json.field("apiVersion", "v1")
            json.list("groups", [()]) { _, json in
                json.beginObject()
                writeGroup(to: &json)
                json.endObject()
            }
        }
    }

    /// The group of all collections.
    static func group() -> APIReply {
        .json { json in
            json.field("kind", "APIGroup")
            json.field("apiVersion", "v1")
            writeGroup(to: &json)
        }
    }

    /// The resources of the group: the collections.
    static func resources(_ names: [String]) -> APIReply {
        .json { json in
            json.field("kind", "APIResourceList")
            json.field("apiVersion", "v1")
            json.field("groupVersion", KubernetesNames.apiVersion)
            json.list("resources", names) { name, json in
                json.beginObject()
                json.field("name", name)
                json.field("singularName", name)
                json.key("namespaced")
                json.bool(true)
                json.field("kind", KubernetesNames.kind(of: name))
                json.list("verbs", verbs) { $1.string($0) }
                json.list("categories", ["millrace"]) { $1.string($0) }
                json.endObject()
            }
        }
    }

    private static func writeGroup(to json: inout JSONWriter) {
        func writeVersion(_ json: inout JSONWriter) {
            json.field("groupVersion", KubernetesNames.apiVersion)
            json.field("version", KubernetesNames.version)
        }
        json.field("name", KubernetesNames.group)
        json.list("versions", [()]) { _, json in
            json.beginObject()
            writeVersion(&json)
            json.endObject()
        }
        json.object("preferredVersion") { writeVersion(&$0) }
    }
}
