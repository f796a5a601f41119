import Synchronization
import Tensors

/// A convolution's weights in the form of the algorithm that suits it.
///
/// The form is made when the convolution first runs and replaces the weights: loading stays quick, and parts of
/// a network that never run take no memory for it.
public final class CPUConvolution: Sendable {
    enum Kernel: Sendable {
        case direct(DirectConvolution)
        case product(MatrixProductConvolution)
        case winograd(TransformedConvolution<WinogradTransform>)
        case fft(TransformedConvolution<FourierTransform>)
    }

    private enum State {
        case loaded(ConvolutionWeights)
        case ready(Kernel)
    }

    public let description: ConvolutionDescription
    /// What computes it.
    public let algorithm: ConvolutionAlgorithm
    private let state: Mutex<State>

    /// Throws `TensorError.shapeMismatch` when the number of weights is not the description's. `forced` is used wherever
    /// it applies, instead of the fastest algorithm.
    init(
        _ description: ConvolutionDescription, _ weights: ConvolutionWeights, forced: ConvolutionAlgorithm?
    ) throws {
        let expected =
            description.outputChannels * description.inputChannels * description.kernel * description.kernel
        guard weights.values.count == expected, weights.bias.count == description.outputChannels else {
            throw TensorError.shapeMismatch(
                operation: "convolution weights",
                expected: "\(expected) + \(description.outputChannels) values",
                got: "\(weights.values.count) + \(weights.bias.count)")
        }
        self.description = description
        if let forced, forced.applies(to: description) {
            algorithm = forced
        } else {
            algorithm = .choice(for: description)
        }
        state = Mutex(.loaded(weights))
    }

    /// The weights in the algorithm's form.
    func kernel(threads: Int, meter: MemoryMeter) throws -> Kernel {
        try state.withLock { state in
            switch state {
            case .ready(let kernel): return kernel
            case .loaded(let weights):
                let kernel = try makeKernel(weights, threads: threads, meter: meter)
                state = .ready(kernel)
                return kernel
            }
        }
    }

    private func makeKernel(_ weights: ConvolutionWeights, threads: Int, meter: MemoryMeter) throws -> Kernel
    {
        switch algorithm {
        case .direct: .direct(DirectConvolution(description, weights))
        case .product: .product(MatrixProductConvolution(description, weights))
        case .winograd:
            .winograd(
                try TransformedConvolution(
                    description, weights, by: WinogradTransform(), threads: threads, meter: meter))
        case .fft:
            .fft(
                try TransformedConvolution(
                    description, weights, by: FourierTransform(kernel: description.kernel), threads: threads,
                    meter: meter))
        }
    }
}
