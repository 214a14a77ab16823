import BrokerCore
import HTTPTypes
import JSONBytes

extension API {
    /// Whether the process works: yes, unless its storage has failed.
    func health() -> APIReply {
        let works = engine.phase != .failed
        return .json(status: works ? .ok : .serviceUnavailable) { json in
            json.key("status")
            json.string(works ? "ok" : "failed")
            Self.write(engine.damage, to: &json)
        }
    }

    private static func write(_ damage: DamageReport, to json: inout JSONWriter) {
        json.key("quarantinedPartitions")
        json.integer(damage.quarantinedPartitions)
        guard let scrub = damage.scrub else { return }
        json.key("scrub")
        json.beginObject()
        json.key("lapsDone")
        json.integer(scrub.lapsDone)
        json.key("partitions")
        json.integer(scrub.partitionCount)
        json.key("partitionsDone")
        json.integer(scrub.partitionsDone)
        json.key("bytes")
        json.integer(scrub.bytes.value)
        json.key("damagedSegments")
        json.integer(scrub.damagedSegments)
        json.key("rebuiltIndexes")
        json.integer(scrub.rebuiltIndexes)
        json.endObject()
    }

    /// Whether requests are accepted.
    func readiness() -> APIReply {
        let phase = engine.phase
        return .json(status: phase == .ready ? .ok : .serviceUnavailable) { json in
            json.key("status")
            json.string(Self.name(of: phase))
            json.key("storage")
            json.string(engine.storage.rawValue)
        }
    }

    /// What the broker and its surfaces count.
    func metrics() -> APIReply {
        let headers: HTTPFields = [.contentType: MetricsText.contentType, .cacheControl: "no-store"]
        return APIReply(
            status: .ok,
            headers: headers,
            body: .bytes(MetricsText.text(of: engine.metrics + load.metrics))
        )
    }

    /// Every route as an OpenAPI document, with the bounds in force.
    ///
    /// Made anew for each request: it is asked for by people and by generators, not in a loop.
    func openAPI() -> APIReply {
        .json(body: OpenAPIDocument.text(of: Self.routes, engine.limits))
    }

    /// Refuses streams and writes unless the engine serves.
    ///
    /// - Parameter orDraining: Whether a drain is no reason to refuse: a member that was told `goodbye` still commits.
    func requireReady(orDraining: Bool = false) throws(Problem) {
        switch engine.phase {
        case .ready: return
        case .starting: throw .starting
        case .draining: if !orDraining { throw .draining }
        case .failed: throw Problem(.storageStalled, "the storage has failed and the broker is about to exit")
        }
    }

    private static func name(of phase: EnginePhase) -> String {
        switch phase {
        case .starting: "starting"
        case .ready: "ready"
        case .draining: "draining"
        case .failed: "failed"
        }
    }
}
