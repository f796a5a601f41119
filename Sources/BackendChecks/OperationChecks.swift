import ReferenceBackend
import Tensors

/// Every operation of a backend against the reference, over sizes that no tile divides.
public struct OperationChecks<B: Backend> {
    let backend: B
    /// Relative error of a stored value: 0 for float32, half a unit of the last place for half precision.
    let storage: Float
    /// Relative error of a convolution's products, beside their storage.
    let products: Float

    /// Whether every operation stays at its smallest.
    let isSmall: Bool

    private var sizes: [(Int, Int)] {
        [(1, 1), (2, 2), (7, 5), (17, 1), (16, 24), (33, 19), (64, 48)].filter {
            !isSmall || $0.0 * $0.1 < 700
        }
    }
    /// Of a small convolution, at most. Our own kernels compute whole tiles all the same: racecheck takes seconds for each.
    private static var mostProducts: Int { 2_000_000 }
    private typealias Pair = BackendPair<B>

    /// - Parameters:
    ///   - storage: 2⁻¹¹ where features are stored in half precision, else 0.
    ///   - products: About 2⁻¹⁰ where factors are rounded to eleven bits, else 0.
    ///   - isSmall: Leave out large sizes and layers, for tools that slow kernels down a thousandfold.
    public init(_ backend: B, storage: Float, products: Float, isSmall: Bool = false) {
        self.backend = backend
        self.storage = storage
        self.products = products
        self.isSmall = isSmall
    }

    /// Runs all, and gives each result to `report`.
    ///
    /// - Parameter isWanted: Which of the convolutions run, by their description and the input's shape.
    public func run(
        convolutions isWanted: (ConvolutionDescription, Shape) -> Bool = { _, _ in true },
        _ report: (OperationCheck) -> Void
    ) throws {
        for guards in isSmall ? [8] : [1, 8] {
            for (width, height) in sizes {
                try layout(width, height, guards, report)
                try resizing(width, height, guards, report)
                try motion(width, height, guards, report)
                try warping(width, height, guards, report)
            }
            for convolution in Self.convolutions
            where isWanted(convolution.description, convolution.inputShape)
                && (!isSmall || convolution.products <= Self.mostProducts)
            {
                try self.convolution(convolution, guards, report)
            }
            if let conversion = backend.sampleConversion {
                try SampleChecks(backend, conversion).run(sizes, guards: guards, report)
            }
        }
    }

    // MARK: Layout and resizing

    private func layout(_ width: Int, _ height: Int, _ guards: Int, _ report: (OperationCheck) -> Void) throws
    {
        for channels in [3, 16] {
            var both = Pair(backend, guards: guards)
            let shape = Shape(channels: channels, height: height, width: width)
            let input = try both.input(shape)
            let padded = try both.output(Shape(channels: channels, height: height + 9, width: width + 6))
            backend.padReplicating(input.tested, left: 2, top: 5, into: padded.tested)
            both.reference.padReplicating(input.reference, left: 2, top: 5, into: padded.reference)
            report(try both.compare(padded, "padReplicating", tolerance: 0))
            let cropped = try both.output(shape)
            backend.crop(padded.tested, left: 2, top: 5, into: cropped.tested)
            both.reference.crop(padded.reference, left: 2, top: 5, into: cropped.reference)
            report(try both.compare(cropped, "crop", tolerance: 0))
            let widened = try both.output(shape, as: .values)
            backend.copy(input.tested, into: widened.tested)
            both.reference.copy(input.reference, into: widened.reference)
            report(try both.compare(widened, "copy to values", tolerance: 0))
            let rows = try both.input(shape)
            backend.copyRows(height / 3..<height / 3 + 1, of: input.tested, into: rows.tested, at: height / 2)
            both.reference.copyRows(
                height / 3..<height / 3 + 1, of: input.reference, into: rows.reference, at: height / 2)
            report(try both.compare(rows, "copyRows", tolerance: 0))
            let spread = try both.output(Shape(channels: channels / 3, height: 2 * height, width: 2 * width))
            let groups = try both.input(shape.with(channels: channels / 3 * 4))
            backend.depthToSpace(groups.tested, into: spread.tested)
            both.reference.depthToSpace(groups.reference, into: spread.reference)
            report(try both.compare(spread, "depthToSpace", tolerance: 0))
        }
    }

    private func resizing(_ width: Int, _ height: Int, _ guards: Int, _ report: (OperationCheck) -> Void)
        throws
    {
        for channels in [3, 16] {
            var both = Pair(backend, guards: guards)
            let shape = Shape(channels: channels, height: height, width: width)
            let input = try both.input(shape)
            if height > 1, width > 1 {
                let (maximum, mean) = (try both.output(shape.halved), try both.output(shape.halved))
                backend.maxPool(input.tested, into: maximum.tested)
                both.reference.maxPool(input.reference, into: maximum.reference)
                report(try both.compare(maximum, "maxPool", tolerance: 0))
                backend.averagePool(input.tested, into: mean.tested)
                both.reference.averagePool(input.reference, into: mean.reference)
                report(try both.compare(mean, "averagePool", tolerance: 1e-6 + storage))
            }
            let nearest = try both.input(shape.scaled(by: 2))
            backend.addUpsampledNearest(input.tested, to: nearest.tested)
            both.reference.addUpsampledNearest(input.reference, to: nearest.reference)
            report(try both.compare(nearest, "addUpsampledNearest", tolerance: 1e-6 + storage))
            for factor in [2, 4] {
                let residual = try both.input(shape.scaled(by: factor))
                for addend in [nil, residual] {
                    let output = try both.output(shape.scaled(by: factor), as: .values)
                    backend.upsampleBilinear(
                        input.tested, factor: factor, scale: .constant(1.7), adding: addend?.tested,
                        into: output.tested)
                    both.reference.upsampleBilinear(
                        input.reference, factor: factor, scale: .constant(1.7), adding: addend?.reference,
                        into: output.reference)
                    report(try both.compare(output, "upsampleBilinear \(factor)", tolerance: 1e-6))
                }
            }
        }
    }

    // MARK: Motion

    private func motion(_ width: Int, _ height: Int, _ guards: Int, _ report: (OperationCheck) -> Void) throws
    {
        for channels in [5, 32] {
            var both = Pair(backend, guards: guards)
            let shape = Shape(channels: channels, height: height, width: width)
            let (first, second) = (try both.input(shape), try both.input(shape))
            let cost = try both.output(shape.with(channels: 81))
            backend.correlate(first.tested, second.tested, into: cost.tested)
            both.reference.correlate(first.reference, second.reference, into: cost.reference)
            report(try both.compare(cost, "correlate of \(channels)", tolerance: 1e-6 + storage))
            // Flows that stay inside, leave the image, and are far beyond it.
            for reach: Float in [0.9, 6, 1e9] {
                let flow = try both.input(shape.with(channels: 2), in: -reach...reach, as: .values)
                let output = try both.output(shape)
                backend.warpBackward(first.tested, by: flow.tested, scale: 0.625, into: output.tested)
                both.reference.warpBackward(
                    first.reference, by: flow.reference, scale: 0.625, into: output.reference)
                report(try both.compare(output, "warpBackward by \(reach)", tolerance: 1e-5 + storage))
            }
        }
        var both = Pair(backend, guards: guards)
        let shape = Shape(channels: 2, height: height, width: width)
        let weights = try both.input(shape.with(channels: 1), in: 0.01...3, as: .values)
        for reach: Float in [0, 0.9, 9, 200] {
            let flow = try both.input(shape, in: -reach...reach, as: .values)
            for weighting in [nil, weights] {
                let output = try both.output(shape, as: .values)
                try backend.projectFlow(flow.tested, weights: weighting?.tested, into: output.tested)
                both.reference.projectFlow(
                    flow.reference, weights: weighting?.reference, into: output.reference)
                report(try both.compare(output, "projectFlow by \(reach)", tolerance: 1e-5))
            }
        }
        let depth = try both.input(shape.with(channels: 1), in: -8...8, as: .values)
        let inverse = try both.output(shape.with(channels: 1), as: .values)
        backend.invertDepth(depth.tested, into: inverse.tested)
        both.reference.invertDepth(depth.reference, into: inverse.reference)
        report(try both.compare(inverse, "invertDepth", tolerance: 1e-5))
    }

    private func warping(_ width: Int, _ height: Int, _ guards: Int, _ report: (OperationCheck) -> Void)
        throws
    {
        for (channels, content) in [(3, TensorContent.values), (196, .features), (280, .features)] {
            var both = Pair(backend, guards: guards)
            let shape = Shape(channels: channels, height: height, width: width)
            let input = try both.input(shape, as: content)
            let taps = try both.input(shape.with(channels: 16), as: .values)
            for reach: Float in [0, 0.9, 9, 200] {
                let flow = try both.input(shape.with(channels: 2), in: -reach...reach, as: .values)
                for rows in [0..<height, height / 3..<height / 3 + 1] {
                    let output = try both.output(shape.with(height: rows.count), as: content)
                    try backend.warpAdaptively(
                        input.tested, by: flow.tested, taps: taps.tested, rows: rows, into: output.tested)
                    both.reference.warpAdaptively(
                        input.reference, by: flow.reference, taps: taps.reference, rows: rows,
                        into: output.reference)
                    report(
                        try both.compare(
                            output, "warpAdaptively by \(reach), rows \(rows)",
                            tolerance: 1e-5 + (content == .features ? 2 * storage : 0)))
                }
            }
        }
        if guards == 0 { try assembly(width, height, report) }
        var both = Pair(backend, guards: guards)
        let shape = Shape(channels: 3, height: height, width: width)
        let (first, second) = (try both.input(shape, as: .values), try both.input(shape, as: .values))
        let output = try both.output(shape, as: .values)
        backend.blend(first.tested, second.tested, at: 0.25, into: output.tested)
        both.reference.blend(first.reference, second.reference, at: 0.25, into: output.reference)
        report(try both.compare(output, "blend", tolerance: 1e-6))
    }

    private func assembly(_ width: Int, _ height: Int, _ report: (OperationCheck) -> Void) throws {
        var both = Pair(backend, guards: 0)
        func shape(_ channels: Int, _ height: Int) -> Shape {
            Shape(channels: channels, height: height, width: width)
        }
        func side() throws -> (Tested, Expected) {
            let (image, context) = (
                try both.input(shape(3, height), as: .values), try both.input(shape(196, height))
            )
            let flow = try both.input(shape(2, height), in: -4...4, as: .values)
            let taps = try both.input(shape(16, height), as: .values)
            return (
                .init(image: image.tested, context: context.tested, flow: flow.tested, taps: taps.tested),
                .init(
                    image: image.reference, context: context.reference, flow: flow.reference,
                    taps: taps.reference)
            )
        }
        let (first, second) = (try side(), try side())
        for rows in [0..<height, height / 3..<(height / 3 + (height + 1) / 2)] {
            let input = try both.output(shape(2 * 196 + 39, rows.count))
            let blend = try both.input(shape(3, height), as: .values)
            try backend.assemble(
                WarpedPair(first: first.0, second: second.0, t: 0.3), rows: rows, into: input.tested,
                blend: blend.tested)
            try both.reference.assemble(
                WarpedPair(first: first.1, second: second.1, t: 0.3), rows: rows, into: input.reference,
                blend: blend.reference)
            report(try both.compare(input, "assemble, rows \(rows)", tolerance: 1e-5 + 2 * storage))
            report(try both.compare(blend, "blend of assemble, rows \(rows)", tolerance: 1e-5))
        }
    }

    private typealias Tested = WarpedPair<B.Tensor>.Side
    private typealias Expected = WarpedPair<ReferenceTensor>.Side

    // MARK: Convolution

    private struct Convolution {
        var channels: (Int, Int)
        var kernel = 3
        var stride = 1
        var dilation = 1
        var size: (Int, Int)
        var activation = Activation.identity
        var residual = false

        var description: ConvolutionDescription {
            ConvolutionDescription(
                inputChannels: channels.0, outputChannels: channels.1, kernel: kernel, stride: stride,
                dilation: dilation, activation: activation)
        }

        var inputShape: Shape { Shape(channels: channels.0, height: size.1, width: size.0) }

        /// Multiplications, about.
        var products: Int {
            channels.0 * channels.1 * kernel * kernel * size.0 * size.1 / (stride * stride)
        }
    }

    /// The kinds of layer that the networks have, at small and odd sizes.
    private static var convolutions: [Convolution] {
        [
            Convolution(channels: (1, 1), size: (1, 1)),
            Convolution(channels: (3, 16), stride: 2, size: (64, 64), activation: .leakyReLU(slope: 0.1)),
            Convolution(channels: (3, 16), stride: 2, size: (17, 33), activation: .leakyReLU(slope: 0.1)),
            Convolution(channels: (3, 64), kernel: 7, size: (33, 19), activation: .relu),
            Convolution(channels: (6, 16), size: (25, 9), activation: .relu),
            Convolution(channels: (16, 16), size: (41, 17)),
            Convolution(channels: (16, 16), size: (41, 17), activation: .relu),
            Convolution(channels: (2, 8), size: (7, 7)),
            Convolution(channels: (529, 8), size: (9, 5)),
            Convolution(channels: (117, 128), size: (19, 21), activation: .leakyReLU(slope: 0.1)),
            Convolution(channels: (565, 2), size: (13, 11)),
            Convolution(channels: (32, 2), size: (13, 11), residual: true),
            Convolution(channels: (565, 128), size: (23, 12), activation: .leakyReLU(slope: 0.1)),
            Convolution(channels: (128, 196), stride: 2, size: (12, 14), activation: .leakyReLU(slope: 0.1)),
            Convolution(channels: (196, 196), size: (6, 7), activation: .leakyReLU(slope: 0.1)),
            Convolution(channels: (64, 64), dilation: 4, size: (31, 35), activation: .relu, residual: true),
            Convolution(channels: (96, 64), dilation: 16, size: (37, 35), activation: .leakyReLU(slope: 0.1)),
            Convolution(channels: (128, 128), size: (29, 17), activation: .relu, residual: true),
            Convolution(channels: (128, 3), size: (29, 17), residual: true),
            Convolution(channels: (64, 1), size: (29, 17)),
            Convolution(channels: (431, 128), kernel: 7, size: (21, 15), activation: .relu),
            Convolution(channels: (128, 160), kernel: 1, size: (31, 12), activation: .relu),
            Convolution(channels: (64, 16), kernel: 11, size: (24, 18), activation: .relu),
            Convolution(channels: (32, 16), kernel: 7, size: (34, 38), activation: .relu),
            Convolution(channels: (32, 32), kernel: 5, size: (19, 26), activation: .relu),
            Convolution(channels: (44, 32), size: (37, 34), residual: true),
            Convolution(channels: (64, 32), kernel: 11, size: (21, 40), activation: .relu),
            Convolution(channels: (64, 64), kernel: 11, size: (33, 19), activation: .relu),
            Convolution(channels: (373, 64), size: (19, 17), activation: .leakyReLU(slope: 0.1)),
            Convolution(channels: (373, 96), size: (19, 18), activation: .leakyReLU(slope: 0.1)),
            Convolution(channels: (469, 32), size: (18, 20), activation: .leakyReLU(slope: 0.1)),
            Convolution(channels: (32, 32), kernel: 5, size: (24, 18), activation: .relu),
            // Small ones for every large kernel of our own, with few and with many input channels.
            Convolution(channels: (33, 16), size: (6, 4), activation: .relu),
            Convolution(channels: (40, 32), size: (9, 6), activation: .relu),
            Convolution(channels: (64, 64), size: (7, 6), activation: .relu, residual: true),
            Convolution(channels: (192, 64), size: (4, 4), residual: true),
            Convolution(channels: (33, 96), size: (6, 7), activation: .relu),
            Convolution(channels: (80, 128), size: (5, 4), residual: true),
            Convolution(channels: (96, 128), size: (6, 5), activation: .relu),
            Convolution(channels: (192, 128), size: (3, 3), activation: .leakyReLU(slope: 0.1)),
            // Large enough for the forms that matrix units like.
            Convolution(channels: (3, 128), kernel: 7, size: (40, 24), activation: .relu),
            Convolution(channels: (64, 16), kernel: 11, size: (64, 40), activation: .relu),
            Convolution(channels: (16, 16), size: (64, 40)),
            Convolution(channels: (128, 3), size: (64, 40), residual: true),
            Convolution(channels: (64, 1), size: (64, 40)),
            Convolution(channels: (565, 2), size: (64, 40)),
            Convolution(channels: (128, 208), kernel: 1, size: (64, 40), activation: .relu),
        ]
    }

    private func convolution(_ convolution: Convolution, _ guards: Int, _ report: (OperationCheck) -> Void)
        throws
    {
        var both = Pair(backend, guards: guards)
        let description = convolution.description
        let shape = convolution.inputShape
        let weights = both.weights(description)
        let content: TensorContent = description.activation == .identity ? .values : .features
        let input = try both.input(shape)
        let residual =
            convolution.residual ? try both.input(description.outputShape(for: shape), as: content) : nil
        let output = try both.output(description.outputShape(for: shape), as: content)
        let prepared = try backend.prepare(description, weights)
        try backend.convolve(input.tested, with: prepared, adding: residual?.tested, into: output.tested)
        both.reference.convolve(
            input.reference, with: both.reference.prepare(description, weights), adding: residual?.reference,
            into: output.reference)
        let layer =
            "convolve \(description.inputChannels)→\(description.outputChannels), \(description.kernel)×\(description.kernel),"
        report(
            try both.compare(
                output, "\(layer) stride \(description.stride), dilation \(description.dilation)",
                tolerance: 2e-5 + 4 * products + 2 * storage))
    }
}
