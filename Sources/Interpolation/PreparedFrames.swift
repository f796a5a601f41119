import Tensors

/// A new picture that may still be computed.
enum PendingPicture: Sendable {
    case image(PendingImage)
    /// Like those of the first of the two pictures that it lies between.
    case samples(PendingSamples)
}

/// What the network knows of the two frames at hand and of the pair they make; each is computed where first asked for.
struct PreparedFrames<I: Interpolator> {
    private let interpolator: I
    private var frames: [(drawing: Int, prepared: I.PreparedFrame)] = []
    private var pair: (first: Int, second: Int, prepared: I.PreparedPair)?

    init(_ interpolator: I) {
        self.interpolator = interpolator
    }

    /// The frame between two, which are told by their drawings.
    mutating func interpolate<Picture>(
        _ first: SourceFrame<Picture>, _ second: SourceFrame<Picture>, at t: Float
    ) throws -> PendingPicture {
        func begin(_ pair: I.PreparedPair) throws -> PendingPicture {
            if let format = first.format, let samples = try interpolator.begin(pair, at: t, as: format) {
                return .samples(samples)
            }
            return .image(try interpolator.begin(pair, at: t))
        }
        if let pair, pair.first == first.drawing, pair.second == second.drawing {
            return try begin(pair.prepared)
        }
        pair = nil
        // The first is often the second of the pair before; older ones are let go before more is computed.
        frames.removeAll { $0.drawing != first.drawing && $0.drawing != second.drawing }
        let prepared = try interpolator.prepare(frame(first), frame(second))
        pair = (first.drawing, second.drawing, prepared)
        return try begin(prepared)
    }

    private mutating func frame<Picture>(_ frame: SourceFrame<Picture>) throws -> I.PreparedFrame {
        if let known = frames.first(where: { $0.drawing == frame.drawing }) { return known.prepared }
        let prepared = try interpolator.prepare(frame.image)
        frames.append((frame.drawing, prepared))
        return prepared
    }

    /// Lets everything go but what belongs to this frame.
    mutating func keep(_ drawing: Int?) {
        pair = nil
        frames.removeAll { $0.drawing != drawing }
    }
}
