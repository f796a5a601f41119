import Pixels

/// Samples to RGB and back in plain loops: by the matrix where chroma has one sample a pixel, in 16 bits.
///
/// Chroma gets there and back with every rounding of swscale with the flags of `Scaler`: to 19 bits along rows, and to 16 along
/// columns.
public enum ReferenceSamples {
    /// `[3, H, W]`, values beyond black and white included.
    public static func rgb(of planes: SamplePlanes) -> [Float] {
        let format = planes.format
        let (width, height) = (format.width, format.height)
        let samples = (0..<format.sampleCount).map { index -> Int in
            if format.bytesPerSample == 1 { return Int(planes.bytes[index]) }
            let (low, high) = (Int(planes.bytes[2 * index]), Int(planes.bytes[2 * index + 1]))
            return low + 256 * high
        }
        let luma = samples.prefix(width * height).map { $0 << (16 - format.depth) }
        let chroma = format.chromaWidth * format.chromaHeight
        let (cb, cr) = (
            resampled(
                Array(samples.dropFirst(width * height).prefix(chroma)), format.depth, format.chromaWidth,
                format.upsampling),
            resampled(Array(samples.suffix(chroma)), format.depth, format.chromaWidth, format.upsampling)
        )
        let matrix = format.matrix
        let (redGain, blueGain) = (2 * (1 - matrix.red), 2 * (1 - matrix.blue))
        var values = [Float](repeating: .nan, count: 3 * width * height)
        for pixel in luma.indices {
            let y = (Float(luma[pixel]) - matrix.black) / matrix.lumaSpan
            let u = (Float(cb[pixel]) - matrix.grey) / matrix.chromaSpan
            let v = (Float(cr[pixel]) - matrix.grey) / matrix.chromaSpan
            let (red, blue) = (y + redGain * v, y + blueGain * u)
            values[pixel] = red
            values[width * height + pixel] = (y - matrix.red * red - matrix.blue * blue) / matrix.green
            values[2 * width * height + pixel] = blue
        }
        return values
    }

    /// The nearest samples of `[3, H, W]` values, once they are brought into a range that holds 0; no number is black.
    public static func planes(of values: [Float], as format: SampleFormat, within range: ClosedRange<Float>)
        -> SamplePlanes
    {
        let count = format.width * format.height
        let matrix = format.matrix
        func code(_ value: Float) -> Int { Int(max(0, min(65535, (value + 0.5).rounded(.down)))) }
        var (luma, cb, cr) = ([Int](), [Int](), [Int]())
        for pixel in 0..<count {
            let rgb = [0, 1, 2].map { channel -> Float in
                let value = values[channel * count + pixel]
                let inRange = min(max(value, range.lowerBound), range.upperBound)
                return value.isNaN ? 0 : max(-8, min(8, inRange))
            }
            let y = matrix.red * rgb[0] + matrix.green * rgb[1] + matrix.blue * rgb[2]
            luma.append(code(matrix.black + matrix.lumaSpan * y))
            cb.append(code(matrix.grey + matrix.chromaSpan * (rgb[2] - y) / (2 * (1 - matrix.blue))))
            cr.append(code(matrix.grey + matrix.chromaSpan * (rgb[0] - y) / (2 * (1 - matrix.red))))
        }
        let (shift, top) = (16 - format.depth, 1 << format.depth - 1)
        var bytes: [UInt8] = []
        for plane in [
            luma, resampled(cb, 16, format.width, format.downsampling),
            resampled(cr, 16, format.width, format.downsampling),
        ] {
            for exact in plane {
                let sample = min((exact + 1 << (shift - 1)) >> shift, top)
                bytes.append(UInt8(sample & 255))
                if format.bytesPerSample == 2 { bytes.append(UInt8(sample >> 8)) }
            }
        }
        return SamplePlanes(format: format, bytes: bytes)
    }

    /// A plane of samples of `depth` bits, filtered along rows and then along columns, in 16 bits.
    private static func resampled(
        _ plane: [Int], _ depth: Int, _ width: Int,
        _ filters: (columns: ResamplingFilter, rows: ResamplingFilter)
    ) -> [Int] {
        let (columns, rows) = filters
        return rows.first.indices.flatMap { y in
            columns.first.indices.map { x in
                var sum = 0
                for row in 0..<rows.taps {
                    let start = (Int(rows.first[y]) + row) * width + Int(columns.first[x])
                    var across = 0
                    for column in 0..<columns.taps {
                        across += plane[start + column] * Int(columns.weights[x * columns.taps + column])
                    }
                    across = min(across >> (depth - 5), 1 << 19 - 1)
                    if rows.taps == 1 { return max(0, min(65535, (across + 4) >> 3)) }
                    sum += across * Int(rows.weights[y * rows.taps + row])
                }
                return max(0, min(65535, (sum + 1 << 14) >> 15))
            }
        }
    }
}
