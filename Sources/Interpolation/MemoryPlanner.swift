import Networks
import Synchronization
import Tensors

/// Keeps the strategy that is in force, and changes to smaller tiles when memory runs out all the same.
final class MemoryPlanner<B: Backend>: Sendable {
    private struct State {
        var limit: Int?
        var strategy: TilingStrategy?
        var frames: [Weak] = []
    }

    private struct Weak { weak var frame: PreparedFrame<B>? }

    private let need: MemoryNeed
    private let announce: @Sendable (TilingStrategy) -> Void
    private let state: Mutex<State>

    init(
        limit: Int?, need: MemoryNeed, announce: @escaping @Sendable (TilingStrategy) -> Void
    ) {
        self.need = need
        self.announce = announce
        state = Mutex(State(limit: limit))
    }

    /// Frames whose features are given up when memory runs out.
    func register(_ frame: PreparedFrame<B>) {
        state.withLock { state in
            state.frames.removeAll { $0.frame == nil }
            state.frames.append(Weak(frame: frame))
        }
    }

    /// Does what `body` says under the strategy for frames of `shape`; again with smaller tiles whenever it runs out of memory.
    func run<Result>(_ shape: Shape, _ body: (TilingStrategy) throws -> Result) throws -> Result {
        while true {
            let strategy = try strategy(for: shape)
            do {
                return try body(strategy)
            } catch let error as TensorError {
                guard case .outOfMemory = error, shrink(strategy) else { throw error }
            }
        }
    }

    /// The strategy that is in force for frames of `shape`, chosen where there is none yet.
    func strategy(for shape: Shape) throws -> TilingStrategy {
        let (strategy, isNew) = try state.withLock { state -> (TilingStrategy, Bool) in
            if let known = state.strategy, known.plan.width == shape.width, known.plan.height == shape.height
            {
                return (known, false)
            }
            let chosen = try TilingStrategy.choose(
                width: shape.width, height: shape.height, limit: state.limit, need: need)
            state.strategy = chosen
            return (chosen, true)
        }
        if isNew { announce(strategy) }
        return strategy
    }

    /// Gives up what frames know and takes smaller tiles from now on; false where there are none.
    private func shrink(_ failed: TilingStrategy) -> Bool {
        state.withLock { state in
            for weak in state.frames { weak.frame?.forget() }
            state.limit = failed.bytes - 1
            state.strategy = nil
            return TilingStrategy.isPossible(
                width: failed.plan.width, height: failed.plan.height, limit: failed.bytes - 1, need: need)
        }
    }
}
