import CCUDA
import Tensors

/// A convolution by the project's own kernel for the matrix units (`wide_convolution.cu`).
struct WideConvolution: Sendable {
    private static let (side, outputs, channels) = (16, 128, 64)
    private static let (strips, taps) = (2, 6)

    private let geometry: ConvolutionGeometry
    private let device: CUDADevice

    /// Whether the kernel is written for such a convolution.
    static func fits(_ geometry: ConvolutionGeometry) -> Bool {
        geometry.isHalf && !geometry.sumsAreFloat && geometry.residualPitch == nil
            && geometry.outputChannels == outputs && geometry.inputChannels % channels == 0
            && geometry.inputChannels >= 256 && (3...7).contains(geometry.description.kernel)
            && geometry.description.kernel % 2 == 1
    }

    /// nil where the GPU has no such units.
    init?(_ geometry: ConvolutionGeometry, device: CUDADevice) {
        guard device.capability == (9, 0), Self.fits(geometry) else { return nil }
        (self.geometry, self.device) = (geometry, device)
    }

    func run(input: CUDATensor, weights: CUdeviceptr, bias: CUdeviceptr, output: CUDATensor) throws {
        let kernel = geometry.description.kernel
        let taps = kernel * kernel
        let strip = Self.side + kernel - 1
        let pixels = try map(
            input.address, sizes: (geometry.inputChannels, geometry.width, geometry.height),
            strides: (input.pitch, geometry.width * input.pitch), box: (Self.channels, Self.side, strip))
        let matrix = try map(
            weights, sizes: (geometry.inputChannels, Self.outputs, taps),
            strides: (taps * geometry.inputChannels, geometry.inputChannels),
            box: (Self.channels, Self.outputs, 1))
        let bytes =
            1024
            + 2 * Self.channels * (Self.strips * strip * Self.side + Self.taps * Self.outputs)
        let grid =
            (output.shape.width + Self.side - 1) / Self.side * ((output.shape.height + Self.side - 1) / Self.side)
        try device.launch(
            "wide_convolution", grid: (grid, 1), block: 384, sharedBytes: bytes,
            [
                .tensorMap(pixels), .tensorMap(matrix), .address(bias),
                .integer(geometry.inputChannels / Self.channels), .integer(kernel),
                .float(geometry.description.activation.slope), .tensor(output.onDevice),
            ])
    }

    /// Sizes and strides in elements, the fastest first; a box lies in shared memory as the matrix units read it.
    private func map(
        _ address: CUdeviceptr, sizes: (Int, Int, Int), strides: (Int, Int), box: (Int, Int, Int)
    ) throws -> CUtensorMap {
        let place = UnsafeMutableRawPointer.allocate(
            byteCount: MemoryLayout<CUtensorMap>.size, alignment: 64)
        defer { place.deallocate() }
        let map = place.bindMemory(to: CUtensorMap.self, capacity: 1)
        let sizes = [sizes.0, sizes.1, sizes.2].map(UInt64.init)
        let strides = [strides.0, strides.1].map { UInt64(2 * $0) }
        let box = [box.0, box.1, box.2].map(UInt32.init)
        try device.call("cuTensorMapEncodeTiled") {
            $0.tensorMapEncode(
                map, Int32(CCUDA_TENSOR_MAP_HALF), 3, address, sizes, strides, box, [1, 1, 1],
                Int32(CCUDA_TENSOR_MAP_PLAIN), Int32(CCUDA_TENSOR_MAP_SWIZZLE_128),
                Int32(CCUDA_TENSOR_MAP_L2_256), Int32(CCUDA_TENSOR_MAP_ZEROS_OUTSIDE))
        }
        return map.pointee
    }
}
