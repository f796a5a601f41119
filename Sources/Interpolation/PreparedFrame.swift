import Networks
import Synchronization
import Tensors

/// A frame as the network takes it, and what is known of it so far.
public final class PreparedFrame<B: Backend>: Sendable {
    /// RGB, padded.
    let image: B.Tensor
    /// Transparency as `AlphaWarp` takes it, where there is any.
    let alpha: B.Tensor?
    /// How far the picture goes beyond black and white.
    let range: PictureRange<B>
    /// The picture's size without the padding.
    let width: Int
    let height: Int
    private struct Known {
        var strategy: TilingStrategy
        var tiles: [DAIN<B>.Frame]
    }

    private let known = Mutex<Known?>(nil)
    /// Of the picture, where the backend would write to it again.
    private let lease: Lease?

    init(
        image: B.Tensor, lease: Lease?, alpha: B.Tensor?, range: PictureRange<B>, width: Int, height: Int
    ) {
        (self.image, self.lease, self.alpha, self.range) = (image, lease, alpha, range)
        (self.width, self.height) = (width, height)
    }

    /// What is known of each tile under a strategy, if it was remembered.
    func tiles(for strategy: TilingStrategy) -> [DAIN<B>.Frame]? {
        known.withLock { $0.flatMap { $0.strategy == strategy ? $0.tiles : nil } }
    }

    func remember(_ tiles: [DAIN<B>.Frame], for strategy: TilingStrategy) {
        known.withLock { $0 = Known(strategy: strategy, tiles: tiles) }
    }

    /// Gives up everything but the picture.
    func forget() { known.withLock { $0 = nil } }
}

/// Two neighbouring frames, and what is known of them together.
public final class PreparedPair<B: Backend>: Sendable {
    let first: PreparedFrame<B>
    let second: PreparedFrame<B>
    private let known = Mutex<(features: DAIN<B>.Pair, lease: Lease?)?>(nil)

    init(_ first: PreparedFrame<B>, _ second: PreparedFrame<B>) {
        (self.first, self.second) = (first, second)
    }

    /// Only pairs of whole frames are remembered.
    var features: DAIN<B>.Pair? { known.withLock { $0?.features } }

    func remember(_ features: Repeated<DAIN<B>.Pair>) {
        known.withLock { $0 = (features.output, features.lease) }
    }

    func forget() { known.withLock { $0 = nil } }
}
