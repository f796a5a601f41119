import CCUDA
import Tensors

extension CUDABackend {
    public func prepare(_ description: ConvolutionDescription, _ weights: ConvolutionWeights) throws
        -> CUDAConvolution
    {
        CUDAConvolution(description, weights, device: device, pool: pool)
    }

    public func convolve(
        _ input: CUDATensor, with convolution: CUDAConvolution, adding residual: CUDATensor?,
        into output: CUDATensor
    ) throws {
        assert(input.shape.channels == convolution.description.inputChannels, "convolution input channels")
        assert(
            output.shape == convolution.description.outputShape(for: input.shape), "convolution output shape")
        guard let meter = device.meter, meter.isOn else {
            return try run(convolution, input, residual, output)
        }
        // The first run chooses how. What is added may be the output, which is not to be added to twice.
        try meter.resting { try run(convolution, input, residual, output) }
        let target = residual?.address == output.address ? try output.emptyCopy(pool: pool) : output
        let multiplyAdds = convolution.description.multiplyAdds(for: input.shape)
        let maps = [input, output] + (residual.map { [$0] } ?? [])
        let (kernel, inputs) = (convolution.description.kernel, input.shape.channels)
        let weights = kernel * kernel * inputs * output.shape.channels * output.bytesPerElement
        let duration = try meter.measure(
            on: device, bytes: maps.reduce(weights) { $0 + $1.shape.count * $1.bytesPerElement },
            multiplyAdds: multiplyAdds
        ) { try run(convolution, input, residual, target) }
        meter.profile.record(
            ConvolutionRun(
                layer: convolution.name, algorithm: isNarrow(convolution, output) ? "narrow" : "matrix",
                description: convolution.description, output: output.shape, multiplyAdds: multiplyAdds,
                duration: duration))
    }

    /// Whether one of the project's own kernels can compute a convolution, rather than a library.
    package func hasOwnKernel(for description: ConvolutionDescription, reading shape: Shape) -> Bool {
        let isSmall = description.outputShape(for: shape).planeCount < Self.leastWidePixels
        if isFew(description.outputChannels) {
            return isSmall && Self.narrowOutputs.contains(description.outputChannels)
        }
        return device.capability == (9, 0)
            && WideLayout(description, isHalf: precision.storesHalf)?.fits(
                height: shape.height, width: shape.width) == true
    }

    /// Smaller maps are not worth the while of matrix units where outputs are few.
    private static let leastWidePixels = 2000
    private static let narrowOutputs = [1, 2, 3, 8, 16]

    /// Whether the project's own kernel for few outputs computes it: also where they are of a precision that cuDNN would not write.
    private func isNarrow(_ convolution: CUDAConvolution, _ output: CUDATensor) -> Bool {
        let outputs = convolution.description.outputChannels
        return Self.narrowOutputs.contains(outputs)
            && (isFew(outputs) || output.isHalf != precision.storesHalf)
    }

    /// Whether outputs are so few that cuDNN is slow; in float32 it is with eight, too.
    private func isFew(_ outputs: Int) -> Bool { outputs < (precision == .fp32 ? 9 : 8) }

    private func run(
        _ convolution: CUDAConvolution, _ input: CUDATensor, _ residual: CUDATensor?, _ output: CUDATensor
    ) throws {
        if isNarrow(convolution, output) {
            if isWide(convolution, input, output) {
                do { return try runWide(convolution, input, residual, output) } catch CUDAError.noEngine {}
            }
            return try runNarrow(convolution, input, residual, output)
        }
        // cuDNN takes maps of one precision, whose channels come in eights. Others are copied to such.
        let source = try padded(input, to: convolution.description.inputChannels)
        let target = try paddedInPlace(output) ?? makeTensor(output.shape, as: .features).widenedToEights
        let added = try residual.map { try padded($0, to: output.shape.channels) }
        try runCuDNN(convolution, source, added, target)
        if target.address != output.address { copy(target.channels(0..<output.shape.channels), into: output) }
    }

    /// Whether matrix units are worth their while, as fewer, wider pixels: for large maps of not too many channels.
    private func isWide(_ convolution: CUDAConvolution, _ input: CUDATensor, _ output: CUDATensor) -> Bool {
        let description = convolution.description
        return precision.storesHalf && input.isHalf && description.kernel == 3 && description.stride == 1
            && description.dilation == 1 && (16...128).contains(description.inputChannels)
            && output.shape.width % 8 == 0 && output.shape.planeCount >= Self.leastWidePixels
    }

    /// Sums by cuDNN, then residual and activation in float32. The sums are in float32, too, unless they are a small correction
    /// of the residual.
    private func runWide(
        _ convolution: CUDAConvolution, _ input: CUDATensor, _ residual: CUDATensor?, _ output: CUDATensor
    ) throws {
        let source = try padded(input, to: convolution.description.inputChannels)
        let outputs = (convolution.description.outputChannels + 7) / 8 * 8
        let sumsAreFloat = residual == nil
        let geometry = ConvolutionGeometry(
            description: convolution.description, inputChannels: source.shape.channels,
            outputChannels: outputs, height: source.shape.height, width: source.shape.width,
            inputPitch: source.pitch, outputPitch: outputs, residualPitch: nil, isHalf: true,
            sumsAreFloat: sumsAreFloat, allowsMatrixUnits: true)
        let sums = try CUDATensor(
            output.shape.with(channels: outputs), isHalf: !sumsAreFloat, padding: 0, pool: pool)
        func launch(_ plan: ConvolutionPlan) throws {
            let weights = try weights(plan)
            let workspace = try pool.allocate(max(1, plan.workspaceBytes))
            try cuDNN.exclusively {
                try plan.run(
                    input: source, weights: weights.weights.address, bias: weights.bias.address,
                    residual: nil,
                    output: sums, workspace: workspace.address, stream: device.stream)
            }
        }
        func weights(_ plan: ConvolutionPlan) throws -> CUDAConvolution.PackedWeights {
            try convolution.weights(
                .matrix(
                    inputs: source.shape.channels, outputs: outputs, isHalf: true, form: plan.choice.form,
                    biasIsFloat: true))
        }
        let plan = try convolution.plan(geometry) {
            try PlanChooser(
                geometry, layer: convolution.name, cuDNN: cuDNN, device: device, memory: planMemory
            ).best(launch)
        }
        try launch(plan)
        finish(
            sums.channels(0..<convolution.description.outputChannels), convolution,
            plan.isFused ? nil : try weights(plan).bias, residual, output)
    }

    private func runCuDNN(
        _ convolution: CUDAConvolution, _ input: CUDATensor, _ residual: CUDATensor?, _ output: CUDATensor
    ) throws {
        func geometry(_ input: CUDATensor, _ residual: CUDATensor?, _ output: CUDATensor)
            -> ConvolutionGeometry
        {
            ConvolutionGeometry(
                description: convolution.description, inputChannels: input.shape.channels,
                outputChannels: output.shape.channels, height: input.shape.height, width: input.shape.width,
                inputPitch: input.pitch, outputPitch: output.pitch, residualPitch: residual?.pitch,
                isHalf: output.isHalf, allowsMatrixUnits: precision != .fp32)
        }
        func run(_ input: CUDATensor, _ residual: CUDATensor?, _ output: CUDATensor) throws {
            let geometry = geometry(input, residual, output)
            func launch(_ plan: ConvolutionPlan, into output: CUDATensor) throws {
                let form = plan.choice.form
                let weights = try convolution.weights(
                    .matrix(
                        inputs: input.shape.channels, outputs: output.shape.channels, isHalf: output.isHalf,
                        form: form))
                let workspace = try pool.allocate(max(1, plan.workspaceBytes))
                let source =
                    form == .columns ? try columns(of: input, convolution.description) : input
                try cuDNN.exclusively {
                    let sums = try sums(plan, residual, output)
                    try plan.run(
                        input: source, weights: weights.weights.address, bias: weights.bias.address,
                        residual: residual, output: sums, workspace: workspace.address,
                        stream: device.stream)
                    if !plan.isFused { finish(sums, convolution, weights.bias, residual, output) }
                }
            }
            let plan = try convolution.plan(geometry) {
                // Trials write elsewhere: what is added may be the output itself.
                let scratch = try output.emptyCopy(pool: pool)
                return try PlanChooser(
                    geometry, layer: convolution.name, cuDNN: cuDNN, device: device, memory: planMemory
                ).best { try launch($0, into: scratch) }
            }
            try launch(plan, into: output)
        }
        do {
            try run(input, residual, output)
        } catch CUDAError.noEngine {
            // No engine for maps with gaps between their pixels: through copies without.
            let (source, target) = (
                try dense(input), try CUDATensor(output.shape, isHalf: output.isHalf, padding: 0, pool: pool)
            )
            try run(source, try residual.map(dense), target)
            copy(target, into: output)
        }
    }

    /// Where a plan writes: the output, or a map for `finish` to read.
    private func sums(_ plan: ConvolutionPlan, _ residual: CUDATensor?, _ output: CUDATensor) throws
        -> CUDATensor
    {
        if case .pixels = plan.choice.form {
            return try CUDATensor(output.shape, isHalf: output.isHalf, padding: 0, pool: pool)
        }
        // What is still to be added must not be written over.
        return plan.isFused || residual?.address != output.address ? output : try output.emptyCopy(pool: pool)
    }

    /// The columns under a kernel, as channels: column · channels + channel.
    private func columns(of input: CUDATensor, _ description: ConvolutionDescription) throws -> CUDATensor {
        let channels = ConvolutionGeometry.columns(description.inputChannels, description.kernel)
        let made = try CUDATensor(
            input.shape.with(channels: channels), isHalf: input.isHalf, padding: 0, pool: pool)
        try device.launch(
            "gather_columns", threads: made.shape.count / 8,
            [
                .tensor(input.onDevice), .integer(description.inputChannels), .integer(description.kernel),
                .tensor(made.onDevice),
            ])
        return made
    }

    /// output = activation(sums + bias + residual)
    private func finish(
        _ sums: CUDATensor, _ convolution: CUDAConvolution, _ bias: MemoryBlock?, _ residual: CUDATensor?,
        _ output: CUDATensor
    ) {
        let biasMap = DeviceTensor(
            data: bias?.address ?? 0, pitch: Int32(output.shape.channels),
            channels: Int32(output.shape.channels),
            height: 1,
            width: 1, isHalf: output.isHalf ? 1 : 0, unused: 0)
        run(
            "finish_convolution", making: output, reading: [sums] + (residual.map { [$0] } ?? []),
            [
                .tensor(sums.onDevice), .tensor(biasMap), .tensor(residual?.onDevice ?? .none),
                .float(convolution.description.activation.slope), .tensor(output.onDevice),
            ])
    }

    private func runNarrow(
        _ convolution: CUDAConvolution, _ input: CUDATensor, _ residual: CUDATensor?, _ output: CUDATensor
    ) throws {
        let description = convolution.description
        let inputs = (description.inputChannels + 7) / 8 * 8
        let weights = try convolution.weights(.narrow(inputs: inputs))
        let arguments: [KernelArgument] = [
            .tensor(input.onDevice), .address(weights.weights.address), .integer(inputs),
            .address(weights.bias.address), .integer(description.kernel), .integer(description.stride),
            .integer(description.dilation), .float(description.activation.slope),
            .tensor(residual?.onDevice ?? .none),
            .tensor(output.onDevice),
        ]
        // Eight channels at once, and zeros behind the last.
        let isWhole = input.isAligned && input.tail >= inputs - description.inputChannels
        if let pixels = Self.pixelsOfShared[description.outputChannels], inputs >= 64, isWhole {
            let lanes = inputs >= 256 ? 32 : inputs >= 128 ? 16 : 8
            let groups = output.shape.height * ((output.shape.width + pixels - 1) / pixels)
            try device.launch(
                "shared_convolution_\(description.outputChannels)", threads: groups * lanes, block: 128,
                arguments + [.integer(lanes)])
        } else {
            try device.launch(
                "narrow_convolution_\(description.outputChannels)", threads: output.shape.planeCount,
                block: 128,
                arguments + [.integer(input.isAligned ? 1 : 0)])
        }
    }

    /// By output channels: how many pixels a group of threads makes, as the kernels are compiled.
    private static let pixelsOfShared = [1: 4, 2: 4, 3: 4, 8: 2]

    // MARK: Maps as cuDNN takes them

    /// The map with a number of channels that cuDNN is fast with: itself where zeros lie behind it, else a copy.
    private func padded(_ tensor: CUDATensor, to channels: Int) throws -> CUDATensor {
        if tensor.isHalf == precision.storesHalf, let view = paddedInPlace(tensor) { return view }
        let copied = try makeTensor(tensor.shape, as: .features)
        copy(tensor, into: copied)
        return copied.widenedToEights
    }

    private func paddedInPlace(_ tensor: CUDATensor) -> CUDATensor? {
        guard tensor.isHalf == precision.storesHalf, tensor.isAligned else { return nil }
        let channels = tensor.shape.channels
        let eights = (8 - channels % 8) % 8
        guard tensor.tail >= eights else { return nil }
        return tensor.widenedToEights
    }

    private func dense(_ tensor: CUDATensor) throws -> CUDATensor {
        if tensor.pitch == tensor.shape.channels { return tensor }
        let copied = try CUDATensor(tensor.shape, isHalf: tensor.isHalf, padding: 0, pool: pool)
        copy(tensor, into: copied)
        return copied
    }
}

extension CUDATensor {
    /// With channels in eights, or where there are many and the zeros suffice in sixty-fours, which the matrix units prefer.
    fileprivate var widenedToEights: CUDATensor {
        let channels = shape.channels
        let sixtyFours = (64 - channels % 64) % 64
        if channels > 256, tail >= sixtyFours { return widened(by: sixtyFours) }
        return widened(by: (8 - channels % 8) % 8)
    }
}

extension Activation {
    /// What negative values are multiplied by.
    var slope: Float {
        switch self {
        case .identity: 1
        case .relu: 0
        case .leakyReLU(let slope): slope
        }
    }
}
