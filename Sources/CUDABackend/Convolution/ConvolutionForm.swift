import Tensors

/// How a convolution is computed. cuDNN's engines want many channels on both sides; what has few is arranged so that it has more.
package enum ConvolutionForm: Hashable, Sendable {
    case plain
    /// So many neighbouring pixels of a row are one pixel with the channels of all: fewer wider pixels, from a kernel that
    /// reaches over all of their neighbourhoods. Channels last, the result lies in memory as it would otherwise.
    case pixels(Int)
    /// By the project's own kernels for compute capability 9.0 (``WideLayout``).
    case wide
    /// By the same kernels, with several blocks for each tile: for small maps of many channels.
    case split
    /// A 1×1 convolution as one matrix product, by cuBLASLt.
    case product
    /// The kernel's columns become channels of the input: what remains is a kernel of one column.
    case columns
}

extension ConvolutionForm {
    /// Whether the project's own kernels compute it.
    var isOwn: Bool { self == .wide || self == .split }
}

extension ConvolutionForm: CustomStringConvertible {
    package var description: String {
        switch self {
        case .plain: "plain"
        case .pixels(let count): "pixels\(count)"
        case .product: "product"
        case .wide: "wide"
        case .split: "split"
        case .columns: "columns"
        }
    }
}

extension ConvolutionGeometry {
    /// The forms that are worth trying, the likely fastest first.
    var forms: [ConvolutionForm] {
        guard description.stride == 1 else { return [.plain] }
        let own = ownForms
        guard description.dilation == 1 else { return own + [.plain] }
        if description.kernel == 1 {
            let isProduct =
                residualPitch == nil && !sumsAreFloat && !description.activation.isLeaky
                && (isHalf || !allowsMatrixUnits)
            return isProduct ? [.product, .plain] : [.plain]
        }
        if description.inputChannels <= 4, description.kernel >= 5 { return [.columns, .plain] }
        // The wider the kernel, the less it costs to reach over one more pixel; and 128 outputs fill the tensor cores alone.
        let widest = description.kernel >= 7 ? 128 : 64
        let counts = [8, 4, 2].filter { (32...widest).contains($0 * outputChannels) && width % $0 == 0 }
        let isEnough = sumsAreFloat || outputChannels == 8 && !counts.isEmpty
        return own + counts.map(ConvolutionForm.pixels) + (isEnough ? [] : [.plain])
    }

    private var ownForms: [ConvolutionForm] {
        guard let layout = WideLayout(description, isHalf: isHalf), layout.fits(self) else { return [] }
        return [layout.isWorthSplitting(height: height, width: width) ? .split : .wide]
    }

    /// Pixels of a row that are one.
    var pixels: Int {
        if case .pixels(let count) = form { return count }
        return 1
    }

    /// Channels that cuDNN reads.
    var computedInputs: Int {
        form == .columns
            ? ConvolutionGeometry.columns(description.inputChannels, description.kernel) : inputChannels
    }

    /// Channels that cuDNN writes.
    var computedOutputs: Int { outputChannels * pixels }

    /// Of the kernel.
    var kernelWidth: Int {
        switch form {
        case .plain, .product, .wide, .split: description.kernel
        case .pixels(let count): description.kernel + count - 1
        case .columns: 1
        }
    }

    /// Channels of a map that holds the columns of a kernel, in eights.
    static func columns(_ channels: Int, _ kernel: Int) -> Int { (channels * kernel + 7) / 8 * 8 }
}

extension Activation {
    fileprivate var isLeaky: Bool {
        if case .leakyReLU = self { return true }
        return false
    }
}
