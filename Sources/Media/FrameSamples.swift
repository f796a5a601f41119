import CFFmpeg
import Pixels

/// The samples of frames as they are, for whoever converts them to RGB and back by himself as `PixelConverter` does.
extension PixelConverter {
    /// The frame's samples; nil for all but Y'CbCr of 8, 10 and 12 bits in planes, whose chroma may share one.
    public func samples(of frame: VideoFrame) -> SamplePlanes? {
        guard let format = SampleFormat(frame) else { return nil }
        return SamplePlanes(format: format) { target in
            var end = 0
            if frame.planeHeights.count == 3 {
                for (plane, height) in frame.planeHeights.enumerated() {
                    for row in 0..<height {
                        frame.withRow(plane: plane, row) { bytes in
                            UnsafeMutableRawBufferPointer(rebasing: target[end..<end + bytes.count])
                                .copyMemory(from: bytes)
                            end += bytes.count
                        }
                    }
                }
            } else if let samples = Samples(frame) {
                Self.eachRow(of: format) { component, y, row in
                    samples.read(component: component, y, into: &row)
                    for sample in row {
                        target[end] = UInt8(truncatingIfNeeded: sample)
                        if format.bytesPerSample == 2 { target[end + 1] = UInt8(sample >> 8) }
                        end += format.bytesPerSample
                    }
                }
            }
        }
    }

    /// A picture of these samples in the pixel format and colours of `first`, which the samples must be like.
    public func frame(holding samples: SamplePlanes, like first: VideoFrame) throws -> VideoFrame {
        let expected = SampleFormat(first)?.byteCount ?? 0
        guard samples.bytes.count == expected else {
            throw MediaError.wrongByteCount(expected: expected, got: samples.bytes.count)
        }
        let result = try VideoFrame(like: first)
        result.becomeNew()
        samples.bytes.withUnsafeBytes { source in
            var end = 0
            if result.planeHeights.count == 3 {
                for (plane, height) in result.planeHeights.enumerated() {
                    guard let target = result.data(plane) else { continue }
                    let count = Int(av_image_get_linesize(result.format, Int32(result.width), Int32(plane)))
                    for row in 0..<height {
                        UnsafeMutableRawBufferPointer(
                            start: target + row * result.stride(plane), count: count
                        ).copyMemory(from: UnsafeRawBufferPointer(rebasing: source[end..<end + count]))
                        end += count
                    }
                }
            } else if let target = Samples(result) {
                result.clear()
                Self.eachRow(of: samples.format) { component, y, row in
                    for x in row.indices {
                        row[x] = UInt16(source[end])
                        if samples.format.bytesPerSample == 2 { row[x] |= UInt16(source[end + 1]) << 8 }
                        end += samples.format.bytesPerSample
                    }
                    target.write(component: component, y, from: &row)
                }
            }
        }
        return result
    }

    /// Calls `body` for each row of luma, Cb and Cr with as many samples as it has, whose values are left from the one before.
    private static func eachRow(of format: SampleFormat, _ body: (Int, Int, inout [UInt16]) -> Void) {
        for component in 0..<3 {
            let (width, height) =
                component == 0 ? (format.width, format.height) : (format.chromaWidth, format.chromaHeight)
            var row = [UInt16](repeating: 0, count: width)
            for y in 0..<height { body(component, y, &row) }
        }
    }
}

extension SampleFormat {
    /// Depth, and which sides of chroma are halved.
    private static let layouts: [(AVPixelFormat, depth: Int, columns: Bool, rows: Bool)] = [
        (AV_PIX_FMT_YUV420P, 8, true, true), (AV_PIX_FMT_YUV422P, 8, true, false),
        (AV_PIX_FMT_YUV444P, 8, false, false), (AV_PIX_FMT_YUV420P10LE, 10, true, true),
        (AV_PIX_FMT_YUV422P10LE, 10, true, false), (AV_PIX_FMT_YUV444P10LE, 10, false, false),
        (AV_PIX_FMT_YUV420P12LE, 12, true, true), (AV_PIX_FMT_YUV422P12LE, 12, true, false),
        (AV_PIX_FMT_YUV444P12LE, 12, false, false), (AV_PIX_FMT_NV12, 8, true, true),
        (AV_PIX_FMT_P010LE, 10, true, true),
    ]

    /// nil for frames that are something else than samples in planes, or whose light is linear.
    fileprivate init?(_ frame: VideoFrame) {
        guard !frame.isLinearLight,
            let layout = Self.layouts.first(where: { frame.format.hasLayout(of: $0.0) })
        else { return nil }
        let colours = ColourProperties(frame)
        let chroma = colours.chromaPosition(for: frame.format)
        self.init(
            width: frame.width, height: frame.height, depth: layout.depth, halvesColumns: layout.columns,
            halvesRows: layout.rows, chromaLeft: Int(chroma.horizontal ?? 0),
            chromaTop: Int(chroma.vertical ?? 0), matrix: ColourMatrix(colours, depth: layout.depth))
    }
}
