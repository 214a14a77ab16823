import NIOCore

/// What a task begins on an event loop, and may stop from anywhere, also before it has begun.
struct LoopStart<Work>: Sendable {
    /// How far it is.
    private enum State {
        case begun(Work)
        case stopped
    }

    private let loop: any EventLoop
    /// Nil before either has happened.
    private let state: NIOLoopBoundBox<State?>

    /// Work that has not begun.
    init(on loop: any EventLoop) {
        self.loop = loop
        state = NIOLoopBoundBox.makeEmptyBox(valueType: State.self, eventLoop: loop)
    }

    /// Keeps what has begun, on the loop; says whether it is to stop at once.
    func begun(_ work: Work) -> Bool {
        if case .stopped = state.value { return true }
        state.value = .begun(work)
        return false
    }

    /// Stops it by `action`, or has it told when it begins.
    func stop(_ action: @escaping @Sendable (Work) -> Void) {
        loop.execute { [state] in
            if case .begun(let work) = state.value { action(work) } else { state.value = .stopped }
        }
    }
}
