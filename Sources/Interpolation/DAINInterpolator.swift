import Networks
import Tensors

/// The DAIN network on a backend, for frames of any size: they are padded for the network and cropped again, and cut into
/// tiles where memory is limited (``TilePlan``).
public struct DAINInterpolator<B: Backend>: Interpolator {
    private let network: DAIN<B>
    private let scheme: Padding.Scheme
    private let planner: MemoryPlanner<B>
    private var backend: B { network.backend }

    /// - Parameters:
    ///   - memoryLimit: Bytes that the whole process should occupy at most; nil computes every frame in one piece.
    ///   - announce: Told the strategy when it is chosen, and again when memory ran out and smaller tiles are taken.
    public init(
        network: DAIN<B>, padding scheme: Padding.Scheme = .nextMultiple, memoryLimit: Int? = nil,
        announce: @escaping @Sendable (TilingStrategy) -> Void = { _ in }
    ) {
        self.network = network
        self.scheme = scheme
        planner = MemoryPlanner(limit: memoryLimit, need: network.memoryNeed, announce: announce)
    }

    public func prepare(_ image: RGBImage) throws -> PreparedFrame<B> {
        let padding = Padding(width: image.width, height: image.height, scheme: scheme)
        let shape = Shape(
            channels: 3, height: image.height + padding.top + padding.bottom,
            width: image.width + padding.left + padding.right)
        return try planner.run(shape) { strategy in
            let original = try backend.makeTensor(
                Shape(channels: 3, height: image.height, width: image.width))
            try image.values.withUnsafeBufferPointer { try backend.upload($0, to: original) }
            let padded = try backend.makeTensor(shape)
            backend.padReplicating(original, left: padding.left, top: padding.top, into: padded)
            let frame = PreparedFrame(image: padded, width: image.width, height: image.height)
            if strategy.kept != .picture { _ = try tiles(of: frame, strategy) }
            planner.register(frame)
            return frame
        }
    }

    public func prepare(_ first: PreparedFrame<B>, _ second: PreparedFrame<B>) throws -> PreparedPair<B> {
        precondition(first.width == second.width && first.height == second.height, "frames of one size")
        let pair = PreparedPair(first, second)
        try planner.run(first.image.shape) { strategy in
            if strategy.plan.isWhole { _ = try features(of: pair, strategy) }
        }
        return pair
    }

    public func interpolate(_ pair: PreparedPair<B>, at t: Float) throws -> RGBImage {
        try planner.run(pair.first.image.shape) { strategy in
            if strategy.plan.isWhole {
                return try whole(try features(of: pair, strategy), of: pair.first, at: t)
            }
            pair.forget()
            return try tiled(pair, strategy, at: t)
        }
    }

    // MARK: One tile

    private func whole(_ features: DAIN<B>.Pair, of frame: PreparedFrame<B>, at t: Float) throws -> RGBImage {
        let output = try network.interpolate(features, at: t).output
        let padding = Padding(width: frame.width, height: frame.height, scheme: scheme)
        let cropped = try backend.makeTensor(Shape(channels: 3, height: frame.height, width: frame.width))
        backend.crop(output, left: padding.left, top: padding.top, into: cropped)
        return try RGBImage(width: frame.width, height: frame.height) { values in
            try backend.download(cropped, to: values)
            Self.clip(values)
        }
    }

    private func features(of pair: PreparedPair<B>, _ strategy: TilingStrategy) throws -> DAIN<B>.Pair {
        if let known = pair.features { return known }
        let features = try network.pair(
            try tiles(of: pair.first, strategy)[0], try tiles(of: pair.second, strategy)[0])
        pair.remember(features)
        return features
    }

    // MARK: Many tiles

    private func tiled(_ pair: PreparedPair<B>, _ strategy: TilingStrategy, at t: Float) throws -> RGBImage {
        let (width, height) = (pair.first.width, pair.first.height)
        let padding = Padding(width: width, height: height, scheme: scheme)
        let blend = TileBlend(strategy.plan)
        let (known0, known1) = (pair.first.tiles(for: strategy), pair.second.tiles(for: strategy))
        var tile = [Float](repeating: 0, count: 3 * strategy.plan.tilePixels)
        return try RGBImage(width: width, height: height) { values in
            values.initialize(repeating: 0)
            for (index, place) in strategy.plan.tiles.enumerated() {
                let features = try network.pair(
                    try known0?[index] ?? frame(pair.first, place, strategy),
                    try known1?[index] ?? frame(pair.second, place, strategy))
                let output = try network.interpolate(features, at: t).output
                try tile.withUnsafeMutableBufferPointer { tile in
                    try backend.download(output, to: tile)
                    blend.add(
                        tile: index, of: strategy.plan, UnsafeBufferPointer(tile), to: values,
                        left: padding.left, top: padding.top, width: width, height: height)
                }
            }
            Self.clip(values)
        }
    }

    /// What is known of each tile of a frame; computed and remembered where it is not.
    private func tiles(of frame: PreparedFrame<B>, _ strategy: TilingStrategy) throws -> [DAIN<B>.Frame] {
        if let known = frame.tiles(for: strategy) { return known }
        // What an earlier strategy knew goes first.
        frame.forget()
        let tiles = try strategy.plan.tiles.map { try self.frame(frame, $0, strategy) }
        frame.remember(tiles, for: strategy)
        return tiles
    }

    private func frame(_ frame: PreparedFrame<B>, _ tile: TilePlan.Tile, _ strategy: TilingStrategy) throws
        -> DAIN<B>.Frame
    {
        if strategy.plan.isWhole { return try network.frame(frame.image) }
        let part = try backend.makeTensor(
            Shape(channels: 3, height: tile.rows.count, width: tile.columns.count))
        backend.crop(frame.image, left: tile.columns.lowerBound, top: tile.rows.lowerBound, into: part)
        return try network.frame(part, keepsContext: false)
    }

    /// A value that is not a number counts as black: encoders have no such colour.
    private static func clip(_ values: UnsafeMutableBufferPointer<Float>) {
        for index in values.indices { values[index] = values[index] > 0 ? min(values[index], 1) : 0 }
    }
}
