import Dispatch
import Tensors

/// The networks' operations on the CPU, in Swift over SIMD.
///
/// Results do not depend on the number of threads.
public struct CPUBackend: Backend {
    /// Threads that an operation may use.
    public let threads: Int
    public let profile: Profile?
    private let forcedAlgorithm: ConvolutionAlgorithm?
    private let workspace: Workspace
    private let meter = MemoryMeter()

    /// A backend on `threads` threads (all of the machine's where nil).
    ///
    /// `forcedAlgorithm` computes every convolution that it applies to; nil takes the fastest for each. The
    /// environment variable `DAIN_CONVOLUTION` (`direct`, `product`, `winograd`, `fft`) does the same where nil is given.
    public init(
        threads: Int? = nil, profile: Profile? = nil, forcedAlgorithm: ConvolutionAlgorithm? = nil
    ) {
        self.threads = max(1, threads ?? Self.availableThreads)
        self.profile = profile
        self.forcedAlgorithm = forcedAlgorithm ?? .fromEnvironment
        workspace = Workspace(limit: self.threads, meter: meter)
    }

    /// Threads that the machine runs at once.
    public static var availableThreads: Int { max(1, ProcessorCount.active) }

    /// The most bytes that tensors, transformed filters and scratch memory of this backend have taken at once.
    public var peakAllocatedBytes: Int { meter.peak }

    public func makeTensor(_ shape: Shape) throws -> CPUTensor { try CPUTensor(shape, meter: meter) }

    public func upload(_ values: UnsafeBufferPointer<Float>, to tensor: CPUTensor) throws {
        precondition(values.count == tensor.shape.count, "values do not fill the tensor")
        _ = tensor.buffer.update(fromContentsOf: values)
    }

    public func download(_ tensor: CPUTensor, to values: UnsafeMutableBufferPointer<Float>) throws {
        precondition(values.count == tensor.shape.count, "the tensor does not fill the values")
        _ = values.update(fromContentsOf: UnsafeBufferPointer(tensor.buffer))
    }

    public func prepare(_ description: ConvolutionDescription, _ weights: ConvolutionWeights) throws
        -> CPUConvolution
    {
        try CPUConvolution(description, weights, forced: forcedAlgorithm)
    }

    public func convolve(
        _ input: CPUTensor, with convolution: CPUConvolution, adding residual: CPUTensor?,
        into output: CPUTensor
    ) throws {
        let description = convolution.description
        assert(input.shape.channels == description.inputChannels, "convolution input channels")
        assert(output.shape == description.outputShape(for: input.shape), "convolution output shape")
        assert(residual == nil || residual!.shape == output.shape, "residual shape")
        profile?.record(multiplyAdds: description.multiplyAdds(for: input.shape))
        switch try convolution.kernel(threads: threads, meter: meter) {
        case .direct(let direct): direct(input, adding: residual, into: output, threads: threads)
        case .product(let product):
            try product(input, adding: residual, into: output, threads: threads, in: workspace)
        case .winograd(let winograd):
            try winograd(input, adding: residual, into: output, threads: threads, in: workspace)
        case .fft(let fft): try fft(input, adding: residual, into: output, threads: threads, in: workspace)
        }
    }
}
