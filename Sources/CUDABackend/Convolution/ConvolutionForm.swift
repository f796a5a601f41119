import Tensors

/// How a convolution is put to cuDNN. Its engines want many channels on both sides; what has few is arranged so that it has more.
enum ConvolutionForm: Hashable, Sendable {
    case plain
    /// So many neighbouring pixels of a row are one pixel with the channels of all: fewer wider pixels, from a kernel that
    /// reaches over all of their neighbourhoods. Channels last, the result lies in memory as it would otherwise.
    case pixels(Int)
    /// The kernel's columns become channels of the input: what remains is a kernel of one column.
    case columns
}

extension ConvolutionForm: CustomStringConvertible {
    var description: String {
        switch self {
        case .plain: "plain"
        case .pixels(let count): "pixels\(count)"
        case .columns: "columns"
        }
    }
}

extension ConvolutionGeometry {
    /// The forms that are worth trying, the likely fastest first.
    var forms: [ConvolutionForm] {
        let isSimple = description.stride == 1 && description.dilation == 1 && isHalf
        guard isSimple, description.kernel > 1 else { return [.plain] }
        if description.inputChannels <= 4, description.kernel >= 5 { return [.columns, .plain] }
        let counts = [4, 2].filter { (32...64).contains($0 * outputChannels) && width % $0 == 0 }
        return counts.map(ConvolutionForm.pixels) + [.plain]
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
        case .plain: description.kernel
        case .pixels(let count): description.kernel + count - 1
        case .columns: 1
        }
    }

    /// Channels of a map that holds the columns of a kernel, in eights.
    static func columns(_ channels: Int, _ kernel: Int) -> Int { (channels * kernel + 7) / 8 * 8 }
}
