import Networks
import Pixels
import Tensors

/// The DAIN network on a backend, for frames of any size: they are padded for the network and cropped again, and cut into
/// tiles where memory is limited (``TilePlan``).
///
/// Transparency, which the network does not see, is warped by the flows and kernels that move the colours.
public struct DAINInterpolator<B: Backend>: TilingInterpolator {
    private let network: DAIN<B>
    private let scheme: Padding.Scheme
    private let planner: MemoryPlanner<B>
    private let alphaWarp: AlphaWarp<B>
    /// Tells this interpolator's repeated work from another's.
    private let identity = Identity.next()
    private var backend: B { network.backend }

    /// - Parameters:
    ///   - memoryLimit: Bytes that the whole process, or what it has of the backend's own memory, should occupy at most; nil
    ///     computes every frame in one piece until memory runs out.
    ///   - announce: Told the strategy when it is chosen, and again when memory ran out and smaller tiles are taken.
    public init(
        network: DAIN<B>, padding scheme: Padding.Scheme = .nextMultiple, memoryLimit: Int? = nil,
        announce: @escaping @Sendable (TilingStrategy) -> Void = { _ in }
    ) {
        self.network = network
        self.scheme = scheme
        alphaWarp = AlphaWarp(backend: network.backend)
        planner = MemoryPlanner(limit: memoryLimit, need: network.memoryNeed, announce: announce)
    }

    public func strategy(width: Int, height: Int) throws -> TilingStrategy {
        let padding = Padding(width: width, height: height, scheme: scheme)
        return try planner.strategy(for: padding.padded(Shape(channels: 3, height: height, width: width)))
    }

    public func leastMemory(width: Int, height: Int) -> Int {
        let padding = Padding(width: width, height: height, scheme: scheme)
        let shape = padding.padded(Shape(channels: 3, height: height, width: width))
        return TilingStrategy.least(width: shape.width, height: shape.height, need: network.memoryNeed)
    }

    public func finish() { backend.finish() }

    public func prepare(_ image: RGBImage) throws -> PreparedFrame<B> {
        let padding = Padding(width: image.width, height: image.height, scheme: scheme)
        let shape = Shape(channels: 3, height: image.height, width: image.width)
        return try planner.run(padding.padded(shape)) { strategy in
            let upload = PictureUpload(image, padding, backend)
            let made = try upload.withBytes { bytes in
                guard strategy.plan.isWhole else {
                    return Repeated(
                        output: (input: try upload.make(uploading: bytes), features: DAIN<B>.Frame?.none),
                        lease: nil)
                }
                return try backend.repeating(
                    "frame of \(shape.width)x\(shape.height)\(upload.name) for \(identity)", reading: [],
                    uploading: bytes, at: nil, mayOverlap: true
                ) {
                    let input = try upload.make(uploading: bytes)
                    return (input, try network.frame(input.picture))
                }
            }
            let frame = PreparedFrame(
                image: made.output.input.picture, lease: made.lease,
                alpha: try image.alpha.map { try alphaWarp.tensor($0, of: image, padding) },
                range: upload.range(of: made.output.input), width: image.width, height: image.height)
            if let features = made.output.features {
                frame.remember([features], for: strategy)
            } else if strategy.kept != .picture {
                _ = try tiles(of: frame, strategy)
            }
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
        try begin(pair, at: t).image()
    }

    public func begin(_ pair: PreparedPair<B>, at t: Float) throws -> PendingImage {
        // The new frame goes no further beyond black and white than its neighbours do.
        let (first, second) = (
            try pair.first.range.values(backend), try pair.second.range.values(backend)
        )
        let range =
            min(first.lowerBound, second.lowerBound)...max(first.upperBound, second.upperBound)
        return try planner.run(pair.first.image.shape) { strategy in
            let hasAlpha = pair.first.alpha != nil && pair.second.alpha != nil
            if strategy.plan.isWhole, !hasAlpha {
                let made = try whole(pair, strategy, at: t)
                let values = try withExtendedLifetime(made.lease) { try backend.startDownload(made.output) }
                let (width, height) = (pair.first.width, pair.first.height)
                return PendingImage {
                    var image = try RGBImage(width: width, height: height) { try values.write(to: $0) }
                    image.values.clamp(to: range)
                    return image
                }
            }
            if !strategy.plan.isWhole { pair.forget() }
            var image = try tiled(pair, strategy, at: t, hasAlpha: hasAlpha)
            image.values.clamp(to: range)
            return PendingImage { [image] in image }
        }
    }

    public var takesSamples: Bool { backend.sampleConversion != nil }

    public func begin(_ pair: PreparedPair<B>, at t: Float, as format: SampleFormat) throws -> PendingSamples?
    {
        // Both frames came as samples, and nothing has to be put together on the host.
        guard let conversion = backend.sampleConversion, case .onDevice(let first) = pair.first.range,
            case .onDevice(let second) = pair.second.range,
            pair.first.alpha == nil || pair.second.alpha == nil,
            format.width == pair.first.width, format.height == pair.first.height
        else { return nil }
        return try planner.run(pair.first.image.shape) { strategy in
            guard strategy.plan.isWhole else { return nil }
            let made = try whole(pair, strategy, at: t)
            return try withExtendedLifetime(made.lease) {
                try conversion.startDownload(made.output, as: format, within: (first, second))
            }
        }
    }

    /// The new frame without its padding.
    private func whole(_ pair: PreparedPair<B>, _ strategy: TilingStrategy, at t: Float) throws -> Repeated<
        B.Tensor
    > {
        let (width, height) = (pair.first.width, pair.first.height)
        let padding = Padding(width: width, height: height, scheme: scheme)
        let features = try features(of: pair, strategy)
        return try backend.repeating(
            "new frame of \(width)x\(height) for \(identity)", reading: features.tensors, uploading: nil,
            at: t, mayOverlap: false
        ) {
            let result = try network.interpolate(features, at: t)
            let cropped = try backend.makeLastingTensor(
                Shape(channels: 3, height: height, width: width), as: .values)
            backend.crop(result.output, left: padding.left, top: padding.top, into: cropped)
            return cropped
        }
    }

    private func tiled(_ pair: PreparedPair<B>, _ strategy: TilingStrategy, at t: Float, hasAlpha: Bool)
        throws
        -> RGBImage
    {
        var image = RGBImage(width: pair.first.width, height: pair.first.height) {
            $0.initialize(repeating: 0)
        }
        let pixels = image.width * image.height
        var alpha = [Float](repeating: 0, count: hasAlpha ? AlphaWarp<B>.channels * pixels : 0)
        try fill(&image.values, &alpha, with: pair, strategy, at: t)
        if hasAlpha { image.alpha = AlphaWarp<B>.alpha(from: alpha) }
        return image
    }

    /// Makes the tiles one by one and puts them together; `alpha` is empty where there is none.
    private func fill(
        _ values: inout [Float], _ alpha: inout [Float], with pair: PreparedPair<B>,
        _ strategy: TilingStrategy,
        at t: Float
    ) throws {
        let (width, height) = (pair.first.width, pair.first.height)
        let padding = Padding(width: width, height: height, scheme: scheme)
        let plan = strategy.plan
        let blend = TileBlend(plan)
        var buffer = [Float](repeating: 0, count: 3 * plan.tilePixels)
        func add(_ tensor: B.Tensor, tile index: Int, to target: inout [Float]) throws {
            let count = tensor.shape.count
            try buffer.withUnsafeMutableBufferPointer { buffer in
                try backend.download(tensor, to: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
                target.withUnsafeMutableBufferPointer { target in
                    guard let from = buffer.baseAddress, let to = target.baseAddress else { return }
                    blend.add(
                        tile: index, of: plan, from, channels: tensor.shape.channels, to: to,
                        left: padding.left, top: padding.top, width: width, height: height)
                }
            }
        }
        for (index, place) in plan.tiles.enumerated() {
            let features = try self.features(of: pair, tile: index, strategy)
            let result = try network.interpolate(features, at: t)
            try add(result.output, tile: index, to: &values)
            if !alpha.isEmpty, let first = pair.first.alpha, let second = pair.second.alpha {
                let warped = try alphaWarp.warp(
                    try part(of: first, place, plan), try part(of: second, place, plan), by: features, result,
                    at: t)
                try add(warped, tile: index, to: &alpha)
            }
        }
    }

    // MARK: What is known

    private func features(of pair: PreparedPair<B>, tile index: Int, _ strategy: TilingStrategy) throws
        -> DAIN<B>.Pair
    {
        if strategy.plan.isWhole { return try features(of: pair, strategy) }
        let place = strategy.plan.tiles[index]
        let (known0, known1) = (pair.first.tiles(for: strategy), pair.second.tiles(for: strategy))
        return try network.pair(
            try known0?[index] ?? frame(pair.first, place, strategy),
            try known1?[index] ?? frame(pair.second, place, strategy))
    }

    /// Of a pair of whole frames; remembered.
    private func features(of pair: PreparedPair<B>, _ strategy: TilingStrategy) throws -> DAIN<B>.Pair {
        if let known = pair.features { return known }
        let (first, second) = (
            try tiles(of: pair.first, strategy)[0], try tiles(of: pair.second, strategy)[0]
        )
        let features = try backend.repeating(
            "pair for \(identity)", reading: first.tensors + second.tensors, uploading: nil, at: nil,
            mayOverlap: true
        ) { try network.pair(first, second) }
        pair.remember(features)
        return features.output
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
        let isWhole = strategy.plan.isWhole
        return try network.frame(try part(of: frame.image, tile, strategy.plan), keepsContext: isWhole)
    }

    private func part(of tensor: B.Tensor, _ tile: TilePlan.Tile, _ plan: TilePlan) throws -> B.Tensor {
        if plan.isWhole { return tensor }
        let part = try backend.makeTensor(
            Shape(channels: tensor.shape.channels, height: tile.rows.count, width: tile.columns.count),
            as: .values)
        backend.crop(tensor, left: tile.columns.lowerBound, top: tile.rows.lowerBound, into: part)
        return part
    }
}

extension Padding {
    /// The shape of a padded feature map.
    func padded(_ shape: Shape) -> Shape {
        Shape(
            channels: shape.channels, height: top + shape.height + bottom, width: left + shape.width + right)
    }
}
