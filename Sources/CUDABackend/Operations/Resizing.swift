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
        _ input: CUDATensor, factor: Int, scale: Float, adding residual: CUDATensor?, into output: CUDATensor
    ) {
        run(
            "upsample_bilinear", making: output, reading: [input] + (residual.map { [$0] } ?? []),
            [
                .tensor(input.onDevice), .float(Float(factor)), .float(scale),
                .tensor(residual?.onDevice ?? .none), .tensor(output.onDevice),
            ])
    }
}
