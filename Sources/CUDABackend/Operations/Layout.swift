import Tensors

extension CUDABackend {
    public func depthToSpace(_ input: CUDATensor, into output: CUDATensor) {
        run(
            "depth_to_space", threads: output.shape.count,
            [.tensor(input.onDevice), .tensor(output.onDevice)])
    }

    public func padReplicating(_ input: CUDATensor, left: Int, top: Int, into output: CUDATensor) {
        copyPart(input, left: -left, top: -top, into: output)
    }

    public func crop(_ input: CUDATensor, left: Int, top: Int, into output: CUDATensor) {
        copyPart(input, left: left, top: top, into: output)
    }

    public func copy(_ input: CUDATensor, into output: CUDATensor) {
        copyPart(input, left: 0, top: 0, into: output)
    }

    public func copyRows(_ rows: Range<Int>, of input: CUDATensor, into output: CUDATensor, at row: Int) {
        copyPart(input.rows(rows), left: 0, top: 0, into: output.rows(row..<row + rows.count))
    }

    private func copyPart(_ input: CUDATensor, left: Int, top: Int, into output: CUDATensor) {
        assert(input.shape.channels == output.shape.channels, "copied channels")
        run(
            "copy_part", making: output, reading: [input],
            [.tensor(input.onDevice), .integer(left), .integer(top), .tensor(output.onDevice)])
    }
}
