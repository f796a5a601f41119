import Networks
import Synchronization
import Tensors

/// A frame as the network takes it, and what is known of it so far.
public final class PreparedFrame<B: Backend>: Sendable {
    /// RGB in [0, 1], padded.
    let image: B.Tensor
    /// The picture's size without the padding.
    let width: Int
    let height: Int
    private let known = Mutex<(strategy: TilingStrategy, tiles: [DAIN<B>.Frame])?>(nil)

    init(image: B.Tensor, width: Int, height: Int) {
        (self.image, self.width, self.height) = (image, width, height)
    }

    /// What is known of each tile under a strategy, if it was remembered.
    func tiles(for strategy: TilingStrategy) -> [DAIN<B>.Frame]? {
        known.withLock { $0.flatMap { $0.strategy == strategy ? $0.tiles : nil } }
    }

    func remember(_ tiles: [DAIN<B>.Frame], for strategy: TilingStrategy) {
        known.withLock { $0 = (strategy, tiles) }
    }

    /// Gives up everything but the picture.
    func forget() { known.withLock { $0 = nil } }
}

/// Two neighbouring frames, and what is known of them together.
public final class PreparedPair<B: Backend>: Sendable {
    let first: PreparedFrame<B>
    let second: PreparedFrame<B>
    private let known = Mutex<DAIN<B>.Pair?>(nil)

    init(_ first: PreparedFrame<B>, _ second: PreparedFrame<B>) {
        (self.first, self.second) = (first, second)
    }

    /// Only pairs of whole frames are remembered.
    var features: DAIN<B>.Pair? { known.withLock(\.self) }

    func remember(_ features: DAIN<B>.Pair) { known.withLock { $0 = features } }

    func forget() { known.withLock { $0 = nil } }
}
