/// What a cut leaves of a volume.
public enum StoreDraw: Hashable, Sendable, CustomStringConvertible {
    /// The process alone died: the system keeps what it has in its caches.
    case kill
    /// The power goes, and nothing survives that was not flushed.
    case none
    /// The power goes, and everything survives.
    case all
    /// The power goes, and the seed decides what survives.
    case drawn(UInt64)

    /// As a command line has it.
    public var description: String {
        switch self {
        case .kill: "kill"
        case .none: "none"
        case .all: "all"
        case .drawn(let seed): String(seed, radix: 16)
        }
    }

    /// Reads what `description` wrote.
    public init?(_ text: some StringProtocol) {
        switch text {
        case "kill": self = .kill
        case "none": self = .none
        case "all": self = .all
        default:
            guard let seed = UInt64(text, radix: 16) else { return nil }
            self = .drawn(seed)
        }
    }

    func survivors(of image: SimulatedImage) -> SimulatedImage {
        switch self {
        case .kill: image
        case .none: image.survivors(seed: 0, .losesAll)
        case .all: image.survivors(seed: 0, .keepsAll)
        case .drawn(let seed): image.survivors(seed: seed)
        }
    }

    func digest(of image: SimulatedImage) -> UInt64 {
        self == .kill ? image.digest : image.durableDigest
    }
}

/// How one state came about, step by step, exactly enough to come to it again.
public struct StoreTrail: Hashable, Sendable {
    /// One life of the store, or one start, that ended in a cut.
    public enum Step: Hashable, Sendable {
        /// A workload, cut after so many calls, of which one may have failed.
        case life(StoreWorkload, StoreFault? = nil, calls: Int, StoreDraw)
        /// A start, cut after so many calls, of which one may have failed.
        case start(StoreFault? = nil, calls: Int, StoreDraw)
        /// A start that became ready, cut then.
        case ready(StoreDraw)
    }

    /// The steps, in order.
    public var steps: [Step]

    /// A trail of these steps.
    public init(_ steps: [Step]) {
        self.steps = steps
    }

    func adding(_ step: Step) -> StoreTrail {
        StoreTrail(steps + [step])
    }
}

extension StoreTrail.Step: CustomStringConvertible {
    /// As a command line has it: `life:SEED:STEPS@CALLS~DRAW`, `start@CALLS~DRAW`, `ready~DRAW`; where a call failed, with
    /// `+CALL=FAULT` before the `@`.
    public var description: String {
        switch self {
        case .life(let workload, let fault, let calls, let draw):
            "life:\(workload.seed):\(workload.stepCount)\(Self.text(fault))@\(calls)~\(draw)"
        case .start(let fault, let calls, let draw): "start\(Self.text(fault))@\(calls)~\(draw)"
        case .ready(let draw): "ready~\(draw)"
        }
    }

    private static func text(_ fault: StoreFault?) -> String {
        fault.map { "+\($0)" } ?? ""
    }

    /// Reads what `description` wrote.
    public init?(_ text: String) {
        let halves = text.split(separator: "~", maxSplits: 1)
        guard halves.count == 2, let draw = StoreDraw(halves[1]) else { return nil }
        let parts = halves[0].split(separator: "@", maxSplits: 1)
        let calls = parts.count == 2 ? Int(parts[1]) : nil
        let what = parts[0].split(separator: "+", maxSplits: 1)
        let fault = what.count == 2 ? StoreFault(what[1]) : nil
        guard what.count == 1 || fault != nil else { return nil }
        let words = what[0].split(separator: ":")
        switch (words.first, words.count, calls) {
        case ("life", 3, .some(let calls)):
            guard let seed = UInt64(words[1]), let stepCount = Int(words[2]) else { return nil }
            self = .life(StoreWorkload(seed: seed, stepCount: stepCount), fault, calls: calls, draw)
        case ("start", 1, .some(let calls)): self = .start(fault, calls: calls, draw)
        case ("ready", 1, nil): self = .ready(draw)
        default: return nil
        }
    }
}
