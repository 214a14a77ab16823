import BrokerCore
import JSONBytes
import NIOCore
import RecordFormat

/// A change of an item, sent as a patch.
enum ItemPatch {
    /// A JSON Merge Patch (RFC 7396).
    case merge(JSONTree)
    /// A JSON Patch (RFC 6902).
    case operations(JSONPatch)

    /// The media types of patches.
    static let mediaTypes = ["application/merge-patch+json", "application/json-patch+json"]

    /// Reads a body.
    init(_ context: RequestContext, limits: Limits) throws(Problem) {
        let type = context.contentType
        guard let type, Self.mediaTypes.contains(type) else {
            let found = type.map { "not \(Problem.shown($0))" } ?? "and the request does not say what it is"
            throw Problem(.unsupportedMediaType, "a patch is \(Self.mediaTypes.joined(separator: " or ")), \(found)")
        }
        let tree = try JSONDocument.tree(context.request.body, what: "the patch", depthMax: limits.jsonDepthMax + 3)
        guard type == Self.mediaTypes[1] else {
            self = .merge(tree)
            return
        }
        do {
            self = .operations(try JSONPatch(tree, operationsMax: limits.patchOperationsMax))
        } catch {
            throw Problem(error)
        }
    }

    /// The item after the change.
    func apply(to item: JSONTree, limits: Limits) throws(Problem) -> JSONTree {
        switch self {
        case .merge(let patch): return item.merging(patch)
        case .operations(let patch):
            do {
                // With room for the metadata; the record's own bound is checked when it is made.
                return try patch.apply(to: item, bytesMax: 2 * limits.recordBytesMax.value)
            } catch {
                throw Problem(error)
            }
        }
    }
}

extension Problem {
    /// A patch that is wrong, or does not apply.
    fileprivate init(_ error: JSONPatchError) {
        let isWrong = error.kind == .malformed || error.kind == .tooManyOperations
        self.init(
            isWrong ? .invalidRequest : .patchFailed,
            "the patch: \(error); nothing was changed",
            members: error.operation.map { [Member("operation", .integer(Int64($0)))] } ?? []
        )
    }
}
