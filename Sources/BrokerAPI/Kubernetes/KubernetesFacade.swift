import BrokerCore
import HTTPTypes
import JSONBytes
import NIOCore
import RecordFormat

/// The part of the API that speaks as a Kubernetes API server does, for `kubectl` and Kubernetes' client libraries.
///
/// Each collection of one partition whose name is a DNS label is a resource of the group `millrace.dev`; an item is an
/// object with its fields, and `kind`, `apiVersion`, `uid` and `namespace` besides.
enum KubernetesFacade {
    /// The Kubernetes API whose rules it follows, as `/version` tells it: clients compare it with their own.
    static let kubernetesVersion = (major: "1", minor: "32", patch: "0")

    /// Whether a request target is one of the facade's, so that its refusals are Kubernetes' too.
    static func owns(_ target: some StringProtocol) -> Bool {
        let path = target.prefix { $0 != "?" }
        let first = path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: true).first
        guard let first, path.hasPrefix("/") else { return false }
        return ["api", "apis", "openapi", "version"].contains(String(first))
    }

    /// Why a topic is no resource; nil when it is one.
    static func objection(to topic: TopicDescription) -> String? {
        guard topic.settings.cleanup == .compact else {
            return "the topic \(topic.name) is no collection: it keeps all records"
        }
        guard topic.partitions.count == 1 else {
            return "the collection \(topic.name) has \(topic.partitions.count) partitions, and a resource has one; "
                + "/v1/collections/\(topic.name.name) serves it"
        }
        guard KubernetesNames.isResource(topic.name.name) else {
            return "the name of the collection \(topic.name) is no DNS label, as that of a resource is; "
                + "/v1/collections/\(topic.name.name) serves it"
        }
        return nil
    }
}

extension API {
    /// Answers a request to the facade; refusals, too, are in its form.
    func kubernetes(_ call: KubernetesCall, _ context: RequestContext, _ principal: Principal) async -> APIReply {
        do {
            return try await kubernetesAnswer(call, context, principal)
        } catch var status as KubernetesStatus {
            status.subject = status.subject ?? call.subject
            return status.reply
        } catch {
            return KubernetesStatus(problem(for: error), of: call.subject).reply
        }
    }

    private func kubernetesAnswer(
        _ call: KubernetesCall,
        _ context: RequestContext,
        _ principal: Principal
    ) async throws -> APIReply {
        switch call {
        case .version: KubernetesDiscovery.version()
        case .coreVersions: KubernetesDiscovery.coreVersions()
        case .coreResources: KubernetesNamespaces.resources()
        case .namespaces: try KubernetesNamespaces.list(kubernetesNamespaces(), context)
        case .namespace(let name): try KubernetesNamespaces.show(name, of: kubernetesNamespaces(), context)
        case .groups: KubernetesDiscovery.groups()
        case .group: KubernetesDiscovery.group()
        case .resources: KubernetesDiscovery.resources(kubernetesResources())
        case .schemaVersion2: try KubernetesSchemas.version2(context)
        case .schemas: KubernetesSchemas.index(kubernetesResources())
        case .schemaVersion3: KubernetesSchemas.version3(kubernetesResources())
        case .listEverywhere(let resource):
            try await readObjects(of: resource, in: nil, context, principal)
        case .list(let topic): try await readObjects(of: topic.name, in: topic.namespace, context, principal)
        case .create(let topic): try await createObject(in: kubernetesTopic(topic), context)
        case .object(let topic, let name): try await object(name, of: kubernetesTopic(topic), context)
        case .replace(let topic, let name): try await replaceObject(name, of: kubernetesTopic(topic), context)
        case .patch(let topic, let name): try await patchObject(name, of: kubernetesTopic(topic), context)
        case .delete(let topic, let name): try await deleteObject(name, of: kubernetesTopic(topic), context)
        }
    }

    /// The namespaces that have topics, and the one that is always there.
    private func kubernetesNamespaces() -> [String] {
        Set(engine.namespaces + [.default]).sorted().map(\.value)
    }

    /// The names of all resources, each once, whatever namespaces have it.
    private func kubernetesResources() -> [String] {
        let topics = engine.namespaces.flatMap { engine.topics(in: $0) }
        return Set(topics.filter { KubernetesFacade.objection(to: $0) == nil }.map(\.name.name)).sorted()
    }

    /// The topic behind a resource of one namespace.
    private func kubernetesTopic(_ name: TopicName) throws -> TopicDescription {
        guard KubernetesNames.isResource(name.name) else {
            throw KubernetesStatus.noSuchResource(
                "\(Problem.shown(name.name)) is no DNS label, as the name of a resource is"
            )
        }
        guard let topic = try? engine.topic(name) else {
            throw KubernetesStatus.noSuchResource(
                "the namespace \(name.namespace) has no collection \(name.name); it is made with "
                    + "PUT /v1/namespaces/\(name.namespace)/topics/\(name.name) {\"cleanup\":\"compact\"}"
            )
        }
        if let objection = KubernetesFacade.objection(to: topic) { throw KubernetesStatus.noSuchResource(objection) }
        return topic
    }

    /// Refuses a name that is no resource: of one namespace, unless another one has it, or of all.
    func requireKubernetesResource(_ resource: String, in namespace: Namespace?) throws {
        let topics = engine.namespaces.compactMap { place in
            (try? TopicName(validating: resource, in: place)).flatMap { try? engine.topic($0) }
        }
        let isServed = topics.contains { KubernetesFacade.objection(to: $0) == nil }
        if let namespace {
            // What it has and cannot be served is no empty list.
            let isLacking = topics.allSatisfy { $0.name.namespace != namespace || $0.settings.cleanup != .compact }
            if !isServed || !isLacking { _ = try kubernetesTopic(TopicName(validating: resource, in: namespace)) }
        } else if !isServed {
            throw KubernetesStatus.noSuchResource(
                topics.first.flatMap(KubernetesFacade.objection)
                    ?? "no namespace has a collection \(Problem.shown(resource))"
            )
        }
    }
}
