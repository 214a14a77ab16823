import BrokerTestSupport
import Foundation
import Synchronization

/// A scenario, of the store or of a whole broker.
enum Scenario {
    case store(StoreScenario)
    case broker(BrokerScenario)

    /// All, the store's first.
    static var all: [Scenario] { StoreScenario.allCases.map(Self.store) + BrokerScenario.allCases.map(Self.broker) }

    init?(_ name: String) {
        guard let found = Self.all.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    var name: String {
        switch self {
        case .store(let scenario): scenario.rawValue
        case .broker(let scenario): scenario.rawValue
        }
    }

    /// Runs it to its end.
    /// - Returns: what is wrong.
    func run(_ mutation: StoreMutation = .none) -> [StoreFlaw] {
        switch self {
        case .store(let scenario): scenario.run(mutation)
        case .broker(let scenario): Self.waiting { await scenario.run(mutation) }
        }
    }

    /// Blocks this thread, which runs no tasks, until a task is done.
    private static func waiting<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) -> Value {
        let done = DispatchSemaphore(value: 0)
        let box = ValueBox<Value>()
        Task.detached {
            let value = await body()
            box.value.withLock { $0 = value }
            done.signal()
        }
        done.wait()
        guard let value = box.value.withLock({ $0 }) else { preconditionFailure("the task ended without a value") }
        return value
    }
}

private final class ValueBox<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
}
