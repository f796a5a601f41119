import Pixels
import ReferenceBackend
import Tensors

/// A backend's conversion of samples against the one in plain loops: every layout, at sizes that nothing divides. Both round
/// alike, so that nothing may differ.
package struct SampleChecks<B: Backend> {
    private let backend: B
    private let conversion: any SampleConversion<B.Tensor>

    package init(_ backend: B, _ conversion: any SampleConversion<B.Tensor>) {
        (self.backend, self.conversion) = (backend, conversion)
    }

    package func run(_ sizes: [(Int, Int)], guards: Int, _ report: (OperationCheck) -> Void) throws {
        for (width, height) in sizes {
            for depth in [8, 10, 12] {
                for format in Self.formats(width, height, depth) {
                    try upload(format, guards, report)
                    try download(format, guards, report)
                }
            }
        }
    }

    private static func formats(_ width: Int, _ height: Int, _ depth: Int) -> [SampleFormat] {
        let matrices = [
            ColourMatrix(red: 0.299, blue: 0.114, isFullRange: true, depth: depth),
            ColourMatrix(red: 0.2126, blue: 0.0722, isFullRange: false, depth: depth),
            ColourMatrix(red: 0.2627, blue: 0.0593, isFullRange: false, depth: depth),
        ]
        return [(true, true, 0, 128), (true, true, 128, 128), (true, true, 0, 256), (true, false, 0, 0)]
            .enumerated().map { index, chroma in
                SampleFormat(
                    width: width, height: height, depth: depth, halvesColumns: chroma.0, halvesRows: chroma.1,
                    chromaLeft: chroma.2, chromaTop: chroma.3, matrix: matrices[index % matrices.count])
            } + [
                SampleFormat(
                    width: width, height: height, depth: depth, halvesColumns: false, halvesRows: false,
                    matrix: matrices[1])
            ]
    }

    /// Samples from all code values, and with `isTame` from such as do not leave the range from black to white.
    private func samples(_ format: SampleFormat, _ both: inout BackendPair<B>, isTame: Bool) -> SamplePlanes {
        let top = Float(1 << format.depth - 1)
        let codes = both.values(format.sampleCount, in: isTame ? 0.48 * top...0.52 * top : 0...top)
            .map { Int($0.rounded()) }
        return SamplePlanes(
            format: format,
            bytes: codes.flatMap {
                format.bytesPerSample == 1 ? [UInt8($0)] : [UInt8($0 & 255), UInt8($0 >> 8)]
            })
    }

    private func upload(_ format: SampleFormat, _ guards: Int, _ report: (OperationCheck) -> Void) throws {
        var both = BackendPair(backend, guards: guards)
        let shape = Shape(channels: 3, height: format.height + 7, width: format.width + 4)
        for isTame in [false, true] {
            let samples = samples(format, &both, isTame: isTame)
            let image = try both.output(shape, as: .values)
            let reach = try both.output(Shape(channels: 2, height: 1, width: 1), as: .values)
            try samples.bytes.withUnsafeBytes { bytes in
                try conversion.upload(
                    bytes, in: format, to: image.tested, left: 3, top: 2, reach: reach.tested)
                try ReferenceConversion(both.reference).upload(
                    bytes, in: format, to: image.reference, left: 3, top: 2, reach: reach.reference)
            }
            report(try both.compare(image, "RGB of \(format)", tolerance: 0))
            report(try both.compare(reach, "reach of \(format)", tolerance: 0))
        }
    }

    private func download(
        _ format: SampleFormat, _ guards: Int, _ report: (OperationCheck) -> Void
    ) throws {
        var both = BackendPair(backend, guards: guards)
        let shape = Shape(channels: 3, height: format.height, width: format.width)
        var values = both.values(shape.count, in: -0.4...1.4)
        // What a network should not make, and might.
        for (index, unusual) in [Float.nan, .infinity, -.infinity].enumerated() {
            values[values.count * index / 3] = unusual
        }
        let image = try both.tensor(shape, values, as: .values)
        let single = Shape(channels: 2, height: 1, width: 1)
        let reaches = [
            try both.tensor(single, [0.125, 1], as: .values),
            try both.tensor(single, [0, 1.25], as: .values),
        ]
        let made = try conversion.startDownload(
            image.tested, as: format, within: (reaches[0].tested, reaches[1].tested)
        ).planes()
        let expected = try ReferenceConversion(both.reference).startDownload(
            image.reference, as: format, within: (reaches[0].reference, reaches[1].reference)
        ).planes()
        var check = OperationCheck(name: "samples of \(format), guards \(guards)", tolerance: 0)
        if made.format != format { check.worst = .infinity }
        for index in 0..<format.sampleCount {
            let (code, other) = (made.code(index), expected.code(index))
            let difference = abs(code - other)
            if Float(difference) > check.worst {
                check.worst = Float(difference)
                check.detail = "\(code) at \(index), expected \(other)"
            }
        }
        report(check)
    }
}

extension SamplePlanes {
    fileprivate func code(_ index: Int) -> Int {
        format.bytesPerSample == 1
            ? Int(bytes[index]) : Int(bytes[2 * index]) + 256 * Int(bytes[2 * index + 1])
    }
}
