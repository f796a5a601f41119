import CCUDA
import Tensors

extension CUDABackend {
    public func correlate(_ first: CUDATensor, _ second: CUDATensor, into output: CUDATensor) {
        // The tile of the kernel.
        let (width, height, shares) = (16, 4, 4)
        device.deferringErrors {
            try device.launch(
                "correlate",
                grid: ((output.shape.width + width - 1) / width, (output.shape.height + height - 1) / height),
                block: width * height * shares,
                [.tensor(first.onDevice), .tensor(second.onDevice), .tensor(output.onDevice)])
        }
    }

    public func warpBackward(_ input: CUDATensor, by flow: CUDATensor, scale: Float, into output: CUDATensor)
    {
        run(
            "warp_backward", making: output, reading: [input],
            [.tensor(input.onDevice), .tensor(flow.onDevice), .float(scale), .tensor(output.onDevice)])
    }

    public func invertDepth(_ logDepth: CUDATensor, into output: CUDATensor) {
        run(
            "invert_depth", threads: output.shape.count,
            [.tensor(logDepth.onDevice), .tensor(output.onDevice)])
    }

    public func projectFlow(_ flow: CUDATensor, weights: CUDATensor?, into output: CUDATensor) throws {
        let pixels = flow.shape.planeCount
        // Three 64-bit sums a pixel.
        let sums = try pool.allocate(pixels * 24)
        try device.call("cuMemsetD8Async") { $0.memsetBytes(sums.address, 0, pixels * 24, device.stream) }
        let largest = try pool.allocate(4)
        if let weights {
            try device.call("cuMemsetD8Async") { $0.memsetBytes(largest.address, 0, 4, device.stream) }
            try device.launch(
                "largest_weight", threads: pixels, [.tensor(weights.onDevice), .address(largest.address)])
        }
        try device.launch(
            "splat", threads: pixels,
            [
                .tensor(flow.onDevice), .tensor(weights?.onDevice ?? .none), .address(largest.address),
                .address(sums.address),
            ])
        try device.launch("fill_holes", threads: pixels, [.address(sums.address), .tensor(output.onDevice)])
    }

    public func warpAdaptively(
        _ input: CUDATensor, by flow: CUDATensor, taps: CUDATensor, rows: Range<Int>, into output: CUDATensor
    ) throws {
        let arguments: [KernelArgument] = [
            .tensor(input.onDevice), .tensor(flow.onDevice), .tensor(taps.onDevice),
            .integer(rows.lowerBound),
            .tensor(output.onDevice),
        ]
        // The wide kernel reads up to seven channels behind the input's last.
        let isWhole = output.shape.channels % 8 == 0 || input.tail >= 8 - output.shape.channels % 8
        if output.shape.channels >= 32, isWhole, input.isAligned, output.isAligned {
            try device.launch("adaptive_warp_wide", threads: output.shape.planeCount * 32, arguments)
        } else {
            try device.launch("adaptive_warp_narrow", threads: output.shape.planeCount, block: 128, arguments)
        }
    }

    public func assemble(
        _ pair: WarpedPair<CUDATensor>, rows: Range<Int>, into input: CUDATensor, blend: CUDATensor
    ) throws {
        let (first, second) = (pair.first, pair.second)
        // The kernel is written for the context of this network, and reads four channels behind its last.
        let fits = [first.context, second.context].allSatisfy {
            $0.shape.channels == 196 && $0.isAligned && $0.tail >= 4
        }
        guard fits, input.isAligned else {
            return try assembleSeparately(pair, rows: rows, into: input, blend: blend)
        }
        // The tile of the kernel.
        let (width, height) = (8, 4)
        let tiles = (input.shape.width + width - 1) / width * ((rows.count + height - 1) / height)
        try device.launch(
            "assemble", grid: (tiles, 1), block: 256,
            [
                .tensor(first.image.onDevice), .tensor(second.image.onDevice),
                .tensor(first.context.onDevice), .tensor(second.context.onDevice),
                .tensor(first.flow.onDevice), .tensor(second.flow.onDevice),
                .tensor(first.taps.onDevice), .tensor(second.taps.onDevice), .float(pair.t),
                .address(Recorder.timeAddress), .integer(rows.lowerBound), .tensor(input.onDevice),
                .tensor(blend.onDevice),
            ])
    }

    public func blend(_ first: CUDATensor, _ second: CUDATensor, at t: Float, into output: CUDATensor) {
        run(
            "blend", threads: output.shape.count,
            [
                .tensor(first.onDevice), .tensor(second.onDevice), .float(t), .address(Recorder.timeAddress),
                .tensor(output.onDevice),
            ])
    }
}
