import Tensors

extension CUDABackend {
    public func maxPool(_ input: CUDATensor, into output: CUDATensor) {
        run(
            "max_pool", making: output, reading: [input], [.tensor(input.onDevice), .tensor(output.onDevice)])
    }

    public func averagePool(_ input: CUDATensor, into output: CUDATensor) {
        run(
            "average_pool", making: output, reading: [input],
            [.tensor(input.onDevice), .tensor(output.onDevice)])
    }

    public func addUpsampledNearest(_ input: CUDATensor, to output: CUDATensor) {
        run(
            "add_upsampled_nearest", making: output, reading: [input],
            [.tensor(input.onDevice), .tensor(output.onDevice)])
    }

    public func upsampleBilinear(
        _ input: CUDATensor, factor: Int, scale: TimedScale, adding residual: CUDATensor?,
        into output: CUDATensor
    ) {
        run(
            "upsample_bilinear", making: output, reading: [input] + (residual.map { [$0] } ?? []),
            [
                .tensor(input.onDevice), .float(Float(factor)), .float(scale.share.slope),
                .float(scale.share.offset),
                .float(scale.factor), .float(scale.t), .address(Recorder.timeAddress),
                .tensor(residual?.onDevice ?? .none), .tensor(output.onDevice),
            ])
    }
}

extension TimedScale.Share {
    /// The share is offset + slope · t.
    fileprivate var slope: Float {
        switch self {
        case .all: 0
        case .passed: 1
        case .left: -1
        }
    }

    fileprivate var offset: Float { self == .passed ? 0 : 1 }
}
