import HTTPTypes
import JSONBytes
import NIOCore
import RecordFormat

/// How an object is to be deleted, as Kubernetes' clients say it in a body or in the query.
///
/// Deletion is at once and nothing hangs on an object, so a grace period and a propagation policy are read, checked and have
/// no effect.
struct DeleteOptions: Sendable {
    /// The identity that the object must have.
    let uid: String?
    /// The version that the object must have.
    let resourceVersion: String?
    /// Whether to do all but delete it: `["All"]`.
    let dryRun: [String]

    private static let known = [
        "kind", "apiVersion", "gracePeriodSeconds", "preconditions", "orphanDependents", "propagationPolicy", "dryRun",
        "ignoreStoreReadErrorWithClusterBreakingPotential",
    ]
    private static let policies = ["Orphan", "Background", "Foreground"]

    /// Reads a request.
    init(_ context: RequestContext, limits: Limits) throws {
        let body = context.request.body
        var fields = JSONObject()
        if body.readableBytes > 0 {
            if let type = context.contentType, type != "application/json" {
                throw KubernetesStatus.unsupportedMediaType("options are application/json, not \(Problem.shown(type))")
            }
            guard case .object(let object) = try JSONTree(kubernetes: body, depthMax: limits.jsonDepthMax) else {
                throw KubernetesStatus.badRequest("the options are no JSON object")
            }
            fields = object
        }
        let unknown = fields.map { String(decoding: $0.name, as: UTF8.self) }.first { !Self.known.contains($0) }
        if let unknown { throw KubernetesStatus.badRequest("unknown option \"\(Problem.shown(unknown))\"") }
        var preconditions = JSONObject()
        if let tree = fields["preconditions"], tree.kind != .null {
            guard case .object(let object) = tree else {
                throw KubernetesStatus.badRequest("preconditions is no JSON object")
            }
            preconditions = object
        }
        uid = try Self.text(preconditions["uid"], "preconditions.uid")
        resourceVersion = try Self.text(preconditions["resourceVersion"], "preconditions.resourceVersion")
        let policy =
            try Self.text(fields["propagationPolicy"], "propagationPolicy") ?? context.query["propagationPolicy"]
        if let policy, !policy.isEmpty, !Self.policies.contains(policy) {
            throw KubernetesStatus.invalid(
                "propagationPolicy",
                "FieldValueNotSupported",
                "Unsupported value: \"\(Problem.shown(policy))\": supported are \(Self.policies.joined(separator: ", "))"
            )
        }
        dryRun = try Self.texts(fields["dryRun"]) ?? KubernetesWrite.dryRun(context.query)
    }

    private static func text(_ tree: JSONTree?, _ field: String) throws -> String? {
        guard let tree, tree.kind != .null else { return nil }
        guard let text = tree.text else { throw KubernetesStatus.badRequest("\(field) is not a string") }
        return text
    }

    private static func texts(_ tree: JSONTree?) throws -> [String]? {
        guard let tree, tree.kind != .null else { return nil }
        guard case .array(let elements) = tree else { throw KubernetesStatus.badRequest("dryRun is not a list") }
        return try elements.compactMap { try text($0, "dryRun") }
    }
}

extension JSONTree {
    /// Reads a body, or says at which byte it is wrong.
    init(kubernetes body: ByteBuffer, depthMax: Int) throws {
        do {
            try self.init(validating: body, depthMax: depthMax)
        } catch {
            throw KubernetesStatus.badRequest("the body is not valid JSON at byte \(error.byteOffset): \(error.reason)")
        }
    }
}
