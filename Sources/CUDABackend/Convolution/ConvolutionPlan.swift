import CCUDA
import Tensors

/// What a plan depends on: one for each combination.
package struct ConvolutionGeometry: Hashable {
    package var description: ConvolutionDescription
    /// Channels as computed, with padding.
    package var inputChannels: Int
    package var outputChannels: Int
    package var height: Int
    package var width: Int
    package var inputPitch: Int
    package var outputPitch: Int
    /// nil: nothing is added.
    package var residualPitch: Int?
    package var isHalf: Bool
    /// Whether the sums are written in float32, though the input is half: for what leaves a network.
    package var sumsAreFloat = false
    package var allowsMatrixUnits: Bool
    package var form = ConvolutionForm.plain

    package init(
        description: ConvolutionDescription, inputChannels: Int, outputChannels: Int, height: Int, width: Int,
        inputPitch: Int, outputPitch: Int, residualPitch: Int?, isHalf: Bool, sumsAreFloat: Bool = false,
        allowsMatrixUnits: Bool
    ) {
        self.description = description
        (self.inputChannels, self.outputChannels) = (inputChannels, outputChannels)
        (self.height, self.width) = (height, width)
        (self.inputPitch, self.outputPitch) = (inputPitch, outputPitch)
        self.residualPitch = residualPitch
        (self.isHalf, self.sumsAreFloat) = (isHalf, sumsAreFloat)
        self.allowsMatrixUnits = allowsMatrixUnits
    }

    func with(_ form: ConvolutionForm) -> ConvolutionGeometry {
        var other = self
        other.form = form
        return other
    }
}

/// Which of the ways that cuDNN offers: enough to find it again under the same cuDNN and GPU.
package struct PlanChoice: Hashable, Sendable {
    package var form: ConvolutionForm
    package var isFused: Bool
    package var heuristics: Int
    /// In the order that cuDNN recommends.
    package var position: Int

    package init(form: ConvolutionForm, isFused: Bool, heuristics: Int, position: Int) {
        (self.form, self.isFused) = (form, isFused)
        (self.heuristics, self.position) = (heuristics, position)
    }
}

/// cuDNN's way to compute one convolution: activation(convolution(x) + residual + bias).
///
/// Not changed after it is made; it runs under cuDNN's lock.
final class ConvolutionPlan: @unchecked Sendable {
    private enum Identifier {
        static let input = 1, weights = 2, output = 3, bias = 4, residual = 5
        static let firstVirtual = 10
    }

    private enum Way {
        case cuDNN(CuDNNDescriptor)
        case product(MatrixProduct)
        case wide(WideConvolution)
    }

    let workspaceBytes: Int
    private let way: Way
    private let cuDNN: CuDNN
    private let hasResidual: Bool
    /// Whether cuDNN also adds the residual and the bias and applies the activation. Where it does not, `finish` must.
    var isFused: Bool { choice.isFused }
    let choice: PlanChoice

    private init(
        _ plan: CuDNNDescriptor, _ choice: PlanChoice, _ geometry: ConvolutionGeometry, _ cuDNN: CuDNN
    )
        throws
    {
        way = .cuDNN(plan)
        self.choice = choice
        self.cuDNN = cuDNN
        hasResidual = choice.isFused && geometry.residualPitch != nil
        workspaceBytes = try plan.integer(CCUDNN_EXECUTION_PLAN_WORKSPACE_SIZE)
    }

    private init(_ wide: WideConvolution, _ form: ConvolutionForm, _ cuDNN: CuDNN) {
        (way, self.cuDNN) = (.wide(wide), cuDNN)
        choice = PlanChoice(form: form, isFused: true, heuristics: 0, position: 0)
        (hasResidual, workspaceBytes) = (true, 0)
    }

    private init(_ product: MatrixProduct, _ choice: PlanChoice, _ cuDNN: CuDNN) {
        (way, self.choice, self.cuDNN) = (.product(product), choice, cuDNN)
        (hasResidual, workspaceBytes) = (false, product.workspaceBytes)
    }

    /// Gives `body` the plans that can be made, in the order that cuDNN recommends, until it has enough; they are made when
    /// they are asked for, as each may have to be compiled. Throws ``CUDAError`` where there is none at all.
    /// - Parameter only: The one plan that is meant; nil means all.
    static func forEach(
        _ geometry: ConvolutionGeometry, cuDNN: CuDNN, layer: String, only: PlanChoice? = nil,
        _ body: (ConvolutionPlan) throws -> Enough
    ) throws {
        if geometry.form.isOwn {
            guard let wide = WideConvolution(geometry, device: cuDNN.device) else {
                throw CUDAError.noEngine(layer: layer, reason: "the GPU is not of compute capability 9.0")
            }
            _ = try body(ConvolutionPlan(wide, geometry.form, cuDNN))
            return
        }
        if geometry.form == .product {
            return try forEachProduct(geometry, cuDNN: cuDNN, layer: layer, only: only, body)
        }
        // Half sums of pixels that count as one are parted again when the bias is added; sums in float32 are only
        // offered with something behind the convolution, which the bias is.
        let mayFuse = geometry.pixels == 1 || geometry.sumsAreFloat
        let mayPart = !geometry.sumsAreFloat
        var reason = "no engine is offered"
        var count = 0
        for (isFused, mode) in [
            (true, CCUDNN_HEURISTICS_A), (false, CCUDNN_HEURISTICS_A), (true, CCUDNN_HEURISTICS_FALLBACK),
        ] where (count == 0 || mode != CCUDNN_HEURISTICS_FALLBACK) && (isFused ? mayFuse : mayPart) {
            if let only, only.isFused != isFused || only.heuristics != mode { continue }
            let configurations: [CuDNNDescriptor]
            do {
                let heuristics = try CuDNNDescriptor(CCUDNN_ENGINE_HEURISTICS_DESCRIPTOR, cuDNN.functions)
                try heuristics.set(
                    CCUDNN_ENGINE_HEURISTICS_GRAPH, [try graph(geometry, isFused: isFused, cuDNN)])
                try heuristics.set(CCUDNN_ENGINE_HEURISTICS_MODE, mode, ofType: CCUDNN_TYPE_HEURISTICS_MODE)
                configurations = try heuristics.finalized().descriptors(
                    CCUDNN_ENGINE_HEURISTICS_RESULTS, ofType: CCUDNN_ENGINE_CONFIGURATION_DESCRIPTOR,
                    limit: 32)
            } catch {
                reason = "\(error)"
                continue
            }
            for (position, configuration) in configurations.enumerated() {
                if let only, only.position != position { continue }
                let made: ConvolutionPlan
                do {
                    if try isImprecise(configuration, geometry, cuDNN) { continue }
                    let plan = try CuDNNDescriptor(CCUDNN_EXECUTION_PLAN_DESCRIPTOR, cuDNN.functions)
                    try plan.set(CCUDNN_EXECUTION_PLAN_HANDLE, handle: cuDNN.handle)
                    try plan.set(CCUDNN_EXECUTION_PLAN_CONFIGURATION, [configuration])
                    let choice = PlanChoice(
                        form: geometry.form, isFused: isFused, heuristics: mode, position: position)
                    made = try ConvolutionPlan(plan.finalized(), choice, geometry, cuDNN)
                } catch {
                    reason = "\(error)"
                    continue
                }
                count += 1
                if try body(made) == .enough { return }
            }
        }
        if count == 0 { throw CUDAError.noEngine(layer: layer, reason: reason) }
    }

    private static func forEachProduct(
        _ geometry: ConvolutionGeometry, cuDNN: CuDNN, layer: String, only: PlanChoice?,
        _ body: (ConvolutionPlan) throws -> Enough
    ) throws {
        guard let library = cuDNN.products else {
            throw CUDAError.noEngine(layer: layer, reason: "cuBLASLt is not there")
        }
        for (position, product) in try MatrixProduct.all(geometry, library).enumerated() {
            let choice = PlanChoice(form: .product, isFused: true, heuristics: 0, position: position)
            if let only, only != choice { continue }
            if try body(ConvolutionPlan(product, choice, cuDNN)) == .enough { return }
        }
    }

    enum Enough { case more, enough }

    /// Queues the convolution.
    func run(
        input: CUDATensor, weights: CUdeviceptr, bias: CUdeviceptr, residual: CUDATensor?, output: CUDATensor,
        workspace: CUdeviceptr, stream: CUstream
    ) throws {
        let plan: CuDNNDescriptor
        switch way {
        case .cuDNN(let made): plan = made
        case .wide(let wide):
            return try wide.run(
                input: input, weights: weights, bias: bias, residual: residual, output: output)
        case .product(let product):
            return try product.run(
                input: input.address, weights: weights, bias: bias, output: output.address,
                workspace: workspace, stream: stream)
        }
        var identifiers = [Identifier.input, Identifier.weights, Identifier.output]
        var addresses = [input.address, weights, output.address]
        if isFused {
            identifiers.append(Identifier.bias)
            addresses.append(bias)
        }
        if hasResidual, let residual {
            identifiers.append(Identifier.residual)
            addresses.append(residual.address)
        }
        let pack = try CuDNNDescriptor(CCUDNN_VARIANT_PACK_DESCRIPTOR, cuDNN.functions)
        try pack.set(CCUDNN_VARIANT_PACK_UNIQUE_IDS, integers: identifiers)
        try pack.set(CCUDNN_VARIANT_PACK_DATA_POINTERS, addresses: addresses)
        try pack.set(CCUDNN_VARIANT_PACK_WORKSPACE, addresses: [workspace])
        let functions = cuDNN.functions
        try CuDNN.check(
            functions, "cudnnBackendExecute",
            functions.execute(cuDNN.handle, plan.pointer, try pack.finalized().pointer))
    }

    /// Engines that sum in half precision, or in another order each time, or by transforms that half precision does not bear;
    /// and in float32 those on matrix units, which round inputs to TF32.
    private static func isImprecise(
        _ configuration: CuDNNDescriptor, _ geometry: ConvolutionGeometry, _ cuDNN: CuDNN
    ) throws -> Bool {
        var unwanted = [
            CCUDNN_NOTE_REDUCED_PRECISION_REDUCTION, CCUDNN_NOTE_NONDETERMINISTIC, CCUDNN_NOTE_WINOGRAD,
        ]
        if !geometry.allowsMatrixUnits { unwanted.append(CCUDNN_NOTE_TENSOR_CORE) }
        let engines = try configuration.descriptors(
            CCUDNN_ENGINE_CONFIGURATION_ENGINE, ofType: CCUDNN_ENGINE_DESCRIPTOR, limit: 1)
        return try engines.contains { engine in
            try engine.values(CCUDNN_ENGINE_NUMERICAL_NOTES, ofType: CCUDNN_TYPE_NUMERICAL_NOTE, limit: 32)
                .contains(where: unwanted.contains)
        }
    }

    // MARK: The graph

    private static func graph(_ geometry: ConvolutionGeometry, isFused: Bool, _ cuDNN: CuDNN) throws
        -> CuDNNDescriptor
    {
        let builder = GraphBuilder(geometry: geometry, functions: cuDNN.functions)
        let input = try builder.map(
            Identifier.input, geometry.computedInputs, geometry.height, geometry.width,
            pitch: geometry.form == .columns ? geometry.computedInputs : geometry.inputPitch)
        let (rows, columns, inputs) = (
            geometry.description.kernel, geometry.kernelWidth, geometry.computedInputs
        )
        let weights = try builder.tensor(
            Identifier.weights, [geometry.computedOutputs, inputs, rows, columns],
            strides: [rows * columns * inputs, 1, columns * inputs, inputs])
        let outputs = geometry.computedOutputs
        let bias = try builder.tensor(
            Identifier.bias, [1, outputs, 1, 1], strides: [outputs, 1, outputs, outputs],
            isFloat: geometry.sumsAreFloat)
        let size = geometry.description.outputShape(
            for: Shape(channels: 1, height: geometry.height, width: geometry.width))
        func made(_ identifier: Int, pitch: Int) throws -> CuDNNDescriptor {
            try builder.map(
                identifier, geometry.computedOutputs, size.height, size.width / geometry.pixels, pitch: pitch,
                isFloat: geometry.sumsAreFloat)
        }
        func finished(_ operations: [CuDNNDescriptor]) throws -> CuDNNDescriptor {
            let graph = try CuDNNDescriptor(CCUDNN_OPERATION_GRAPH_DESCRIPTOR, cuDNN.functions)
            try graph.set(CCUDNN_OPERATION_GRAPH_OPERATIONS, operations)
            try graph.set(CCUDNN_OPERATION_GRAPH_HANDLE, handle: cuDNN.handle)
            return try graph.finalized()
        }
        if !isFused {
            return try finished([
                builder.convolution(
                    input, weights,
                    into: made(
                        Identifier.output,
                        pitch: geometry.pixels > 1 ? geometry.computedOutputs : geometry.outputPitch))
            ])
        }
        // Steps from the convolution to the output; what passes between them is never stored.
        var steps: [(CuDNNDescriptor, CuDNNDescriptor?)] = []  // A pointwise operation and what it adds.
        if let pitch = geometry.residualPitch {
            steps.append((try builder.addition(), try made(Identifier.residual, pitch: pitch)))
        }
        steps.append((try builder.addition(), bias))
        switch geometry.description.activation {
        case .identity: break
        case .relu: steps.append((try builder.rectifier(slope: nil), nil))
        case .leakyReLU(let slope): steps.append((try builder.rectifier(slope: slope), nil))
        }
        func passed(_ step: Int) throws -> CuDNNDescriptor {
            try builder.virtualMap(
                Identifier.firstVirtual + step, outputs, size.height, size.width / geometry.pixels)
        }
        // Sums that leave cuDNN in float32 lie without gaps.
        let pitch = geometry.sumsAreFloat ? outputs : geometry.outputPitch
        var current = try passed(0)
        var operations = [try builder.convolution(input, weights, into: current)]
        for (index, step) in steps.enumerated() {
            let next =
                index == steps.count - 1
                ? try made(Identifier.output, pitch: pitch) : try passed(1 + index)
            operations.append(try builder.pointwise(step.0, current, step.1, into: next))
            current = next
        }
        return try finished(operations)
    }
}

/// The descriptors of a convolution's graph.
private struct GraphBuilder {
    let geometry: ConvolutionGeometry
    let functions: CuDNNFunctions

    private var dataType: Int { geometry.isHalf ? CCUDNN_DATA_HALF : CCUDNN_DATA_FLOAT }

    /// Dimensions and strides in cuDNN's order: image, channel, row, column. What is virtual is never stored.
    func tensor(
        _ identifier: Int, _ dimensions: [Int], strides: [Int], isVirtual: Bool = false, isFloat: Bool = false
    ) throws -> CuDNNDescriptor {
        let tensor = try CuDNNDescriptor(CCUDNN_TENSOR_DESCRIPTOR, functions)
        try tensor.set(
            CCUDNN_TENSOR_DATA_TYPE, isVirtual || isFloat ? CCUDNN_DATA_FLOAT : dataType,
            ofType: CCUDNN_TYPE_DATA_TYPE)
        try tensor.set(CCUDNN_TENSOR_DIMENSIONS, integers: dimensions)
        try tensor.set(CCUDNN_TENSOR_STRIDES, integers: strides)
        try tensor.set(CCUDNN_TENSOR_UNIQUE_ID, integers: [identifier])
        try tensor.set(CCUDNN_TENSOR_BYTE_ALIGNMENT, integers: [16])
        if isVirtual { try tensor.set(CCUDNN_TENSOR_IS_VIRTUAL, boolean: true) }
        return try tensor.finalized()
    }

    /// A feature map, channels last.
    func map(
        _ identifier: Int, _ channels: Int, _ height: Int, _ width: Int, pitch: Int, isVirtual: Bool = false,
        isFloat: Bool = false
    ) throws -> CuDNNDescriptor {
        try tensor(
            identifier, [1, channels, height, width],
            strides: [height * width * pitch, 1, width * pitch, pitch],
            isVirtual: isVirtual, isFloat: isFloat)
    }

    func virtualMap(_ identifier: Int, _ channels: Int, _ height: Int, _ width: Int) throws -> CuDNNDescriptor
    {
        try map(identifier, channels, height, width, pitch: channels, isVirtual: true)
    }

    func convolution(_ input: CuDNNDescriptor, _ weights: CuDNNDescriptor, into output: CuDNNDescriptor)
        throws
        -> CuDNNDescriptor
    {
        let description = geometry.description
        let what = try CuDNNDescriptor(CCUDNN_CONVOLUTION_DESCRIPTOR, functions)
        try what.set(CCUDNN_CONVOLUTION_COMPUTE_TYPE, CCUDNN_DATA_FLOAT, ofType: CCUDNN_TYPE_DATA_TYPE)
        try what.set(CCUDNN_CONVOLUTION_MODE, CCUDNN_CROSS_CORRELATION, ofType: CCUDNN_TYPE_CONVOLUTION_MODE)
        try what.set(CCUDNN_CONVOLUTION_SPATIAL_DIMENSIONS, integers: [2])
        try what.set(CCUDNN_CONVOLUTION_DILATIONS, integers: [description.dilation, description.dilation])
        try what.set(
            CCUDNN_CONVOLUTION_STRIDES, integers: [description.stride, description.stride * geometry.pixels])
        // The last of several pixels needs as much on the right as the first on the left.
        let padding = [description.padding, geometry.form == .columns ? 0 : description.padding]
        try what.set(CCUDNN_CONVOLUTION_PRE_PADDINGS, integers: padding)
        try what.set(CCUDNN_CONVOLUTION_POST_PADDINGS, integers: padding)
        let operation = try CuDNNDescriptor(CCUDNN_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, functions)
        try operation.set(CCUDNN_OPERATION_CONVOLUTION_DESCRIPTOR, [try what.finalized()])
        try operation.set(CCUDNN_OPERATION_CONVOLUTION_X, [input])
        try operation.set(CCUDNN_OPERATION_CONVOLUTION_W, [weights])
        try operation.set(CCUDNN_OPERATION_CONVOLUTION_Y, [output])
        try operation.set(CCUDNN_OPERATION_CONVOLUTION_ALPHA, float: 1)
        try operation.set(CCUDNN_OPERATION_CONVOLUTION_BETA, float: 0)
        return try operation.finalized()
    }

    func addition() throws -> CuDNNDescriptor {
        let what = try CuDNNDescriptor(CCUDNN_POINTWISE_DESCRIPTOR, functions)
        try what.set(CCUDNN_POINTWISE_MODE, CCUDNN_POINTWISE_ADD, ofType: CCUDNN_TYPE_POINTWISE_MODE)
        try what.set(CCUDNN_POINTWISE_MATH_PRECISION, CCUDNN_DATA_FLOAT, ofType: CCUDNN_TYPE_DATA_TYPE)
        return try what.finalized()
    }

    /// ReLU, or with a slope LeakyReLU.
    func rectifier(slope: Float?) throws -> CuDNNDescriptor {
        let what = try CuDNNDescriptor(CCUDNN_POINTWISE_DESCRIPTOR, functions)
        try what.set(CCUDNN_POINTWISE_MODE, CCUDNN_POINTWISE_RELU, ofType: CCUDNN_TYPE_POINTWISE_MODE)
        try what.set(CCUDNN_POINTWISE_MATH_PRECISION, CCUDNN_DATA_FLOAT, ofType: CCUDNN_TYPE_DATA_TYPE)
        if let slope { try what.set(CCUDNN_POINTWISE_RELU_LOWER_CLIP_SLOPE, double: Double(slope)) }
        return try what.finalized()
    }

    func pointwise(
        _ what: CuDNNDescriptor, _ input: CuDNNDescriptor, _ other: CuDNNDescriptor?,
        into output: CuDNNDescriptor
    ) throws -> CuDNNDescriptor {
        let operation = try CuDNNDescriptor(CCUDNN_OPERATION_POINTWISE_DESCRIPTOR, functions)
        try operation.set(CCUDNN_OPERATION_POINTWISE_WHAT, [what])
        try operation.set(CCUDNN_OPERATION_POINTWISE_X, [input])
        if let other { try operation.set(CCUDNN_OPERATION_POINTWISE_B, [other]) }
        try operation.set(CCUDNN_OPERATION_POINTWISE_Y, [output])
        return try operation.finalized()
    }
}
