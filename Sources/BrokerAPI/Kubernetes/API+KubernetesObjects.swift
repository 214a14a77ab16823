import BrokerCore
import HTTPTypes
import JSONBytes
import NIOCore
import RecordFormat
import Synchronization

/// Single objects.
extension API {
    /// Shows an object.
    func object(_ name: String, of topic: TopicDescription, _ context: RequestContext) async throws -> APIReply {
        let read = try KubernetesWrite(KubernetesObject(topic, limits: engine.limits), name, dryRun: [])
        let form = try KubernetesForm(context)
        // The object of now is newer than any version that there was.
        if let version = context.query["resourceVersion"], !["", "0"].contains(version) {
            try KubernetesVersion.check(version, of: [topic])
        }
        guard let item = try await engine.item(Array(name.utf8), of: topic.name) else {
            throw KubernetesStatus.notFound(name, topic.name)
        }
        return reply(.ok, item, version: read.object.version(of: item), read.object, form)
    }

    /// Makes an object.
    func createObject(in topic: TopicDescription, _ context: RequestContext) async throws -> APIReply {
        let (object, document) = try document(of: topic, context)
        guard document.resourceVersion == nil else {
            throw KubernetesStatus.badRequest("resourceVersion should not be set on objects to be created")
        }
        let name = try newName(document)
        let write = try KubernetesWrite(object, name, dryRun: KubernetesWrite.dryRun(context.query))
        return try await store(write, context) { before in
            guard before == nil else { throw KubernetesStatus.alreadyExists(name, topic.name) }
            return document
        }
    }

    /// Puts an object in the place of one.
    func replaceObject(_ name: String, of topic: TopicDescription, _ context: RequestContext) async throws -> APIReply {
        let (object, document) = try document(of: topic, context)
        let write = try KubernetesWrite(object, name, dryRun: KubernetesWrite.dryRun(context.query))
        return try await store(write, context) { before in
            guard before != nil else { throw KubernetesStatus.notFound(name, topic.name) }
            return document
        }
    }

    /// Changes an object by a patch.
    func patchObject(_ name: String, of topic: TopicDescription, _ context: RequestContext) async throws -> APIReply {
        let limits = engine.limits
        try refuseOtherPatches(context)
        let patch = try ItemPatch(context, limits: limits)
        let object = KubernetesObject(topic, limits: limits)
        let write = try KubernetesWrite(object, name, dryRun: KubernetesWrite.dryRun(context.query))
        let validation = try KubernetesDocument.Validation(context.query)
        return try await store(write, context) { before in
            guard let before else { throw KubernetesStatus.notFound(name, topic.name) }
            return try KubernetesDocument(patch.apply(to: object.tree(before), limits: limits), of: object, validation)
        }
    }

    /// Deletes an object.
    func deleteObject(_ name: String, of topic: TopicDescription, _ context: RequestContext) async throws -> APIReply {
        try requireReady()
        let object = KubernetesObject(topic, limits: engine.limits)
        let options = try DeleteOptions(context, limits: engine.limits)
        let write = try KubernetesWrite(object, name, dryRun: options.dryRun)
        let tombstone = DecodedRecord(timestamp: engine.appendTime(), key: ByteBuffer(string: name))
        let update = try await engine.updateItem(Array(name.utf8), of: topic.name) { before in
            guard let before else { throw KubernetesStatus.notFound(name, topic.name) }
            try write.check(uid: options.uid, resourceVersion: options.resourceVersion, of: before)
            return write.isDryRun ? .leave : .append(tombstone, isJSON: true)
        }
        let uid = update.before.map { object.uid(of: $0) }
        let subject = KubernetesStatus.Subject(resource: topic.name.name, name: name, uid: uid)
        return KubernetesStatus(code: .ok, reason: .unknown, message: "", subject: subject).reply
    }

    // MARK: Writing

    /// Stores what a document becomes of an object's latest version, unless that says the same already.
    private func store(
        _ write: KubernetesWrite,
        _ context: RequestContext,
        _ decide: @escaping @Sendable (CollectionItem?) throws -> KubernetesDocument
    ) async throws -> APIReply {
        try requireReady()
        let form = try KubernetesForm(context)
        let (limits, now) = (engine.limits, engine.appendTime())
        // What the last attempt made of the version before: no patch is applied for it again.
        let last = Mutex<(record: DecodedRecord, unknown: [String])?>(nil)
        let update = try await engine.updateItem(Array(write.name.utf8), of: write.object.topic.name) { before in
            let document = try decide(before)
            try write.check(document, of: before)
            let (wanted, isJSON) = try document.record(key: write.name, now: now, limits: limits)
            last.withLock { $0 = (record: wanted, unknown: document.unknown) }
            let isSame = before.map { wanted.says(theSameAs: $0.record) } ?? false
            return write.isDryRun || isSame ? .leave : .append(wanted, isJSON: isJSON)
        }
        let made = last.withLock { $0 }
        let version = (update.after ?? update.before).map { write.object.version(of: $0) }
        let item =
            update.after
            ?? (write.isDryRun ? made.map { write.unstored($0.record, in: update) } : update.before)
        guard let item else {
            throw Problem(.internalError, "an object was left as it is although it was to be written")
        }
        let isNew = update.before == nil
        var answer = reply(isNew ? .created : .ok, item, version: version, write.object, form)
        for field in made?.unknown ?? [] {
            answer.headers.append(Self.warning("unknown field \"\(Problem.shown(field))\""))
        }
        return answer
    }

    private func reply(
        _ status: HTTPResponse.Status,
        _ item: CollectionItem,
        version: String?,
        _ object: KubernetesObject,
        _ form: KubernetesForm
    ) -> APIReply {
        var json = JSONWriter()
        KubernetesListText(form, kind: object.kind, now: engine.appendTime())
            .writeAlone(item, version: version, object, to: &json)
        return .json(status: status, body: json.finish())
    }

    /// A warning (RFC 7234, 5.5), which clients show to people.
    private static func warning(_ text: String) -> HTTPField {
        let quoted = text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined()
        return HTTPField(name: .warning, value: "299 - \"\(quoted)\"")
    }

    // MARK: Reading

    private func document(
        of topic: TopicDescription,
        _ context: RequestContext
    ) throws -> (KubernetesObject, KubernetesDocument) {
        if let type = context.contentType, type != "application/json" {
            throw KubernetesStatus.unsupportedMediaType("an object is application/json, not \(Problem.shown(type))")
        }
        let object = KubernetesObject(topic, limits: engine.limits)
        // The value stands one level deep.
        let tree = try JSONTree(kubernetes: context.request.body, depthMax: engine.limits.jsonDepthMax + 1)
        return (object, try KubernetesDocument(tree, of: object, KubernetesDocument.Validation(context.query)))
    }

    /// The name of an object that is to be made: its own, or a new one.
    private func newName(_ document: KubernetesDocument) throws -> String {
        let name = document.name ?? document.generateName.map { $0 + Self.suffix(configuration.random()) }
        guard let name else {
            throw KubernetesStatus.invalid(
                "metadata.name",
                "FieldValueRequired",
                "Required value: name or generateName"
            )
        }
        guard KubernetesNames.isObject(name) else {
            throw KubernetesStatus.invalid(
                "metadata.name",
                "FieldValueInvalid",
                "Invalid value: \"\(Problem.shown(name))\": a name has 1 to \(KubernetesNames.objectBytesMax) bytes "
                    + "without / and %, and is not . or .."
            )
        }
        return name
    }

    /// Five characters that Kubernetes would have chosen, too: no vowels, so no words.
    private static func suffix(_ random: UInt64) -> String {
        let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
        var rest = random
        return String(
            (0..<5).map { _ in
                let (quotient, index) = rest.quotientAndRemainder(dividingBy: UInt64(alphabet.count))
                rest = quotient
                return alphabet[Int(index)]
            }
        )
    }

    /// Says what to do instead of the patches that are Kubernetes' own.
    private func refuseOtherPatches(_ context: RequestContext) throws {
        switch context.contentType {
        case "application/apply-patch+yaml", "application/apply-patch+cbor":
            throw KubernetesStatus.unsupportedMediaType(
                "server-side apply needs owners of fields, which Millrace does not keep; use kubectl apply without --server-side"
            )
        case "application/strategic-merge-patch+json":
            throw KubernetesStatus.unsupportedMediaType(
                "a strategic merge patch needs to know the value's fields, and a value has any; use kubectl patch --type=merge"
            )
        default: return
        }
    }
}
