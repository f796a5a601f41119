import Tensors

extension CPUBackend {
    public func blend(_ first: CPUTensor, _ second: CPUTensor, at t: Float, into output: CPUTensor) {
        assert(first.shape == second.shape && output.shape == first.shape, "blend shapes")
        for index in 0..<first.shape.count {
            output.pointer[index] = (1 - t) * first.pointer[index] + t * second.pointer[index]
        }
    }
}
