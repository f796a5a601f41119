import Foundation
import Tensors

/// The ways a convolution can be computed; all give the same result within float32 rounding.
public enum ConvolutionAlgorithm: String, CaseIterable, Sendable {
    /// By definition, in registers and caches.
    case direct
    /// One matrix product; 1×1 only.
    case product
    /// F(4×4, 3×3); 3×3 of stride 1 only.
    case winograd
    /// Fourier transforms of 16×16 tiles; stride 1, kernels from 3×3 to 11×11.
    case fft

    /// Whether the algorithm can compute a convolution at all.
    public func applies(to description: ConvolutionDescription) -> Bool {
        switch self {
        case .direct: true
        case .product: description.kernel == 1 && description.stride == 1
        case .winograd: description.kernel == 3 && description.stride == 1
        case .fft: description.stride == 1 && (3...11).contains(description.kernel)
        }
    }

    /// The one that the environment variable `DAIN_CONVOLUTION` names, for tests and measurements.
    static let fromEnvironment = ProcessInfo.processInfo.environment["DAIN_CONVOLUTION"]
        .flatMap(ConvolutionAlgorithm.init(rawValue:))

    /// The fastest algorithm, as measured at the layers of the network (x86-64 with AVX2).
    ///
    /// It depends on the layer alone, not on the size of its input, so that one form of the weights is enough. On the
    /// smallest maps (4×4 to 16×16 pixels) the transforms still win, for their filters are as large as ever.
    static func choice(for description: ConvolutionDescription) -> ConvolutionAlgorithm {
        // A 1×1 convolution is a matrix product as it stands: no window, so nothing to gather or to transform. It is 1.4 (large
        // maps) to 2.3 times (small ones) as fast as direct, which copies its input for windows.
        if product.applies(to: description) { return .product }
        // A transform costs the same for each channel, and saves products for each pair of channels. From 16 on both sides
        // it wins; below, direct is up to 1.5 times faster.
        guard min(description.inputChannels, description.outputChannels) >= 16 else { return .direct }
        // 2.25 products for each output instead of 9. FFT needs 2 only, but has dearer transforms and filters of ten times the
        // memory. The largest filters (256 to 512 channels) belong to the smallest maps: four times their memory would buy 1 %.
        if winograd.applies(to: description) {
            return description.inputChannels * description.outputChannels < 131_072 ? .winograd : .direct
        }
        // 2.7, 3.8 and 10.6 products for each output instead of 25, 49 and 121.
        if fft.applies(to: description) { return .fft }
        return .direct
    }
}
