import BrokerCore
import HTTPTypes
import RecordFormat

/// The one place where refusals become those of Kubernetes.
extension KubernetesStatus {
    /// The answer to a refusal that the API has a code for.
    init(_ problem: Problem, of subject: Subject? = nil) {
        code = Self.status(problem.code)
        reason = Self.reason(problem.code)
        message = problem.detail
        headers = problem.headers
        self.subject = subject
        if problem.code == .patchFailed {
            // Of what is invalid clients show the causes alone.
            causes = [Cause(reason: "FieldValueInvalid", message: problem.detail, field: "patch")]
        }
        if problem.code == .versionAhead {
            causes = [Cause(reason: "ResourceVersionTooLarge", message: "Too large resource version", field: "")]
            headers[.retryAfter] = "1"
        }
    }

    /// The status: the API's own but where Kubernetes' clients wait for another one.
    private static func status(_ code: ProblemCode) -> HTTPResponse.Status {
        switch code {
        // A version that is not the item's: clients read it again and try once more.
        case .versionConflict: .conflict
        // A version that is not there yet: clients wait a moment, or list anew.
        case .versionAhead: .gatewayTimeout
        default: code.status
        }
    }

    private static func reason(_ code: ProblemCode) -> Reason {
        switch status(code).code {
        case 400: .badRequest
        case 403: .forbidden
        case 404: .notFound
        case 405: .methodNotAllowed
        case 406: .notAcceptable
        case 409: .conflict
        // Whoever reads this lists again.
        case 410: .expired
        case 413: .requestEntityTooLarge
        case 415: .unsupportedMediaType
        case 422: .invalid
        case 429: .tooManyRequests
        case 500: .internalError
        case 503: .serviceUnavailable
        case 504: .timeout
        default: .unknown
        }
    }
}

/// The refusals that the facade itself decides.
extension KubernetesStatus {
    /// A request that is wrong in a way that its message tells.
    static func badRequest(_ message: String) -> KubernetesStatus {
        KubernetesStatus(code: .badRequest, reason: .badRequest, message: message)
    }

    /// An object that cannot be stored; the field says where it is wrong.
    static func invalid(_ field: String, _ reason: String, _ message: String) -> KubernetesStatus {
        KubernetesStatus(
            code: .unprocessableContent,
            reason: .invalid,
            message: "\(field): \(message)",
            causes: [Cause(reason: reason, message: message, field: field)]
        )
    }

    /// A resource that the facade does not have; the message says why.
    static func noSuchResource(_ message: String) -> KubernetesStatus {
        KubernetesStatus(code: .notFound, reason: .notFound, message: message)
    }

    /// An object that does not exist.
    static func notFound(_ name: String, _ topic: TopicName) -> KubernetesStatus {
        KubernetesStatus(
            code: .notFound,
            reason: .notFound,
            message: "\(topic.name).\(KubernetesNames.group) \"\(Problem.shown(name))\" not found"
        )
    }

    /// An object that was to be made and is there.
    static func alreadyExists(_ name: String, _ topic: TopicName) -> KubernetesStatus {
        KubernetesStatus(
            code: .conflict,
            reason: .alreadyExists,
            message: "\(topic.name).\(KubernetesNames.group) \"\(Problem.shown(name))\" already exists",
            subject: Subject(resource: topic.name, name: name)
        )
    }

    /// An object that is not as the request wants it to be.
    static func conflict(_ name: String, _ topic: TopicName, _ message: String) -> KubernetesStatus {
        KubernetesStatus(
            code: .conflict,
            reason: .conflict,
            message: "Operation cannot be fulfilled on \(topic.name).\(KubernetesNames.group) "
                + "\"\(Problem.shown(name))\": \(message)"
        )
    }

    /// A body in a media type that is not read here.
    static func unsupportedMediaType(_ message: String) -> KubernetesStatus {
        KubernetesStatus(code: .unsupportedMediaType, reason: .unsupportedMediaType, message: message)
    }

    /// An answer in none of the media types that the client reads.
    static func notAcceptable(_ types: [String]) -> KubernetesStatus {
        KubernetesStatus(
            code: .notAcceptable,
            reason: .notAcceptable,
            message: "only the following media types are accepted: \(types.joined(separator: ", "))"
        )
    }

    /// A version whose state, or whose changes, are gone.
    static func expired(_ message: String) -> KubernetesStatus {
        KubernetesStatus(code: .gone, reason: .expired, message: message)
    }
}

extension Problem {
    /// The whole answer, in the form that the clients of a request target read.
    func reply(to target: some StringProtocol) -> APIReply {
        KubernetesFacade.owns(target) ? KubernetesStatus(self).reply : reply
    }
}
