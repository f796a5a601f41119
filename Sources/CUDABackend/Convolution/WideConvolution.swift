import CCUDA
import Tensors

/// A convolution by the project's own kernel for the matrix units of compute capability 9.0 (`wide_convolution.cu`).
struct WideConvolution: Sendable {
    private let layout: WideLayout
    private let geometry: ConvolutionGeometry
    private let device: CUDADevice

    /// nil where the GPU has no such units, or the kernel is not written for such a convolution.
    init?(_ geometry: ConvolutionGeometry, device: CUDADevice) {
        guard device.capability == (9, 0), let layout = WideLayout(geometry.description), layout.fits(geometry)
        else { return nil }
        (self.layout, self.geometry, self.device) = (layout, geometry, device)
    }

    func run(
        input: CUDATensor, weights: CUdeviceptr, bias: CUdeviceptr, residual: CUDATensor?, output: CUDATensor
    ) throws {
        let (across, down) = (1 << layout.across, 1 << layout.down)
        // What lies outside, channels included, is read as zero.
        let pixels = try map(
            input.address,
            sizes: [
                geometry.description.inputChannels, across, geometry.width / across, down,
                geometry.height / down,
            ],
            strides: [1, across, geometry.width, geometry.width * down].map { $0 * input.pitch },
            box: [layout.channels, 1, WideLayout.side, 1, layout.lines])
        let matrix = try map(
            weights, sizes: [layout.channels, layout.weightCount / layout.channels],
            strides: [layout.channels], box: [layout.channels, layout.rows])
        let span = (WideLayout.side * across, WideLayout.side * down)
        let grid =
            (geometry.width + span.0 - 1) / span.0 * ((geometry.height + span.1 - 1) / span.1)
        try device.launch(
            layout.kernelName, grid: (grid, 1), block: 384, sharedBytes: layout.sharedBytes,
            [
                .tensorMap(pixels), .tensorMap(matrix), .address(bias),
                .wideShape(layout.shape(slope: geometry.description.activation.slope)),
                .tensor(residual?.onDevice ?? .none), .tensor(output.onDevice),
            ])
    }

    /// Sizes and strides in elements, the fastest first; a box lies in shared memory as the matrix units read it.
    private func map(_ address: CUdeviceptr, sizes: [Int], strides: [Int], box: [Int]) throws -> CUtensorMap {
        let place = UnsafeMutableRawPointer.allocate(
            byteCount: MemoryLayout<CUtensorMap>.size, alignment: 64)
        defer { place.deallocate() }
        let map = place.bindMemory(to: CUtensorMap.self, capacity: 1)
        let steps = [UInt32](repeating: 1, count: sizes.count)
        let swizzle =
            layout.channels == 64 ? CCUDA_TENSOR_MAP_SWIZZLE_128 : CCUDA_TENSOR_MAP_SWIZZLE_64
        try device.call("cuTensorMapEncodeTiled") {
            $0.tensorMapEncode(
                map, Int32(CCUDA_TENSOR_MAP_HALF), UInt32(sizes.count), address, sizes.map(UInt64.init),
                strides.map { UInt64(2 * $0) }, box.map(UInt32.init), steps, Int32(CCUDA_TENSOR_MAP_PLAIN),
                Int32(swizzle), Int32(CCUDA_TENSOR_MAP_L2_256), Int32(CCUDA_TENSOR_MAP_ZEROS_OUTSIDE))
        }
        return map.pointee
    }
}
