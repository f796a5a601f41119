import CCUDA
import Tensors

/// A convolution by the project's own kernels for compute capability 9.0 (``WideLayout``), by a block for each tile or by several
/// blocks that share the input channels.
struct WideConvolution: Sendable {
    private let layout: WideLayout
    private let geometry: ConvolutionGeometry
    private let device: CUDADevice
    /// Blocks of a tile.
    private let shares: Int

    /// nil where the GPU has no such units, or no kernel is written for such a convolution.
    init?(_ geometry: ConvolutionGeometry, device: CUDADevice) {
        guard device.capability == (9, 0),
            let layout = WideLayout(geometry.description, isHalf: geometry.isHalf),
            layout.fits(geometry)
        else { return nil }
        shares = geometry.form == .split ? WideLayout.shares : 1
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
        let (inner, outer) =
            layout.isHalf ? (layout.channels, layout.rows) : (layout.rows, layout.channels)
        let matrix = try map(
            weights, sizes: [inner, layout.weightCount / inner], strides: [inner], box: [inner, outer],
            isSwizzled: layout.isHalf)
        let tiles = layout.tiles(height: geometry.height, width: geometry.width)
        try device.launch(
            layout.kernelName(isSplit: shares > 1), grid: (tiles, shares), block: 384,
            sharedBytes: layout.sharedBytes(isSplit: shares > 1), isClustered: shares > 1,
            [
                .tensorMap(pixels), .tensorMap(matrix), .address(bias),
                .wideShape(layout.shape(slope: geometry.description.activation.slope)),
                .tensor(residual?.onDevice ?? .none), .tensor(output.onDevice),
            ])
    }

    /// Sizes and strides in elements, the fastest first. A swizzled box lies in shared memory as the matrix units read it: 16-byte
    /// pieces of eight rows change places, so that they are in different banks.
    private func map(
        _ address: CUdeviceptr, sizes: [Int], strides: [Int], box: [Int], isSwizzled: Bool = true
    ) throws -> CUtensorMap {
        let place = UnsafeMutableRawPointer.allocate(
            byteCount: MemoryLayout<CUtensorMap>.size, alignment: 64)
        defer { place.deallocate() }
        let map = place.bindMemory(to: CUtensorMap.self, capacity: 1)
        let steps = [UInt32](repeating: 1, count: sizes.count)
        let bytes = layout.isHalf ? 2 : 4
        let swizzle =
            !isSwizzled
            ? CCUDA_TENSOR_MAP_PLAIN
            : layout.channels * bytes == 128 ? CCUDA_TENSOR_MAP_SWIZZLE_128 : CCUDA_TENSOR_MAP_SWIZZLE_64
        let type = layout.isHalf ? CCUDA_TENSOR_MAP_HALF : CCUDA_TENSOR_MAP_FLOAT
        try device.call("cuTensorMapEncodeTiled") {
            $0.tensorMapEncode(
                map, Int32(type), UInt32(sizes.count), address, sizes.map(UInt64.init),
                strides.map { UInt64(bytes * $0) }, box.map(UInt32.init), steps,
                Int32(CCUDA_TENSOR_MAP_PLAIN),
                Int32(swizzle), Int32(CCUDA_TENSOR_MAP_L2_256), Int32(CCUDA_TENSOR_MAP_ZEROS_OUTSIDE))
        }
        return map.pointee
    }
}
