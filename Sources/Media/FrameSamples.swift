import CFFmpeg
import Pixels

/// The samples of frames as they are, for whoever converts them to RGB and back by himself as `PixelConverter` does.
extension PixelConverter {
    /// The frame's samples; nil for all but plain Y'CbCr of 8, 10 and 12 bits in planes.
    public func samples(of frame: VideoFrame) -> SamplePlanes? {
        guard let format = SampleFormat(frame) else { return nil }
        return SamplePlanes(format: format) { target in
            var end = 0
            for (plane, height) in frame.planeHeights.enumerated() {
                for row in 0..<height {
                    frame.withRow(plane: plane, row) { bytes in
                        UnsafeMutableRawBufferPointer(rebasing: target[end..<end + bytes.count])
                            .copyMemory(from: bytes)
                        end += bytes.count
                    }
                }
            }
        }
    }

    /// A picture of these samples in the pixel format and colours of `first`, which the samples must be like.
    public func frame(holding samples: SamplePlanes, like first: VideoFrame) throws -> VideoFrame {
        guard samples.bytes.count == SampleFormat(first)?.byteCount else {
            throw MediaError.wrongByteCount(
                expected: SampleFormat(first)?.byteCount ?? 0, got: samples.bytes.count)
        }
        let result = try VideoFrame(like: first)
        result.becomeNew()
        samples.bytes.withUnsafeBytes { source in
            var end = 0
            for (plane, height) in result.planeHeights.enumerated() {
                guard let target = result.data(plane) else { continue }
                let count = Int(av_image_get_linesize(result.format, Int32(result.width), Int32(plane)))
                for row in 0..<height {
                    UnsafeMutableRawBufferPointer(start: target + row * result.stride(plane), count: count)
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[end..<end + count]))
                    end += count
                }
            }
        }
        return result
    }
}

extension SampleFormat {
    /// Depth, and which sides of chroma are halved.
    private static let layouts: [(AVPixelFormat, depth: Int, columns: Bool, rows: Bool)] = [
        (AV_PIX_FMT_YUV420P, 8, true, true), (AV_PIX_FMT_YUV422P, 8, true, false),
        (AV_PIX_FMT_YUV444P, 8, false, false), (AV_PIX_FMT_YUV420P10LE, 10, true, true),
        (AV_PIX_FMT_YUV422P10LE, 10, true, false), (AV_PIX_FMT_YUV444P10LE, 10, false, false),
        (AV_PIX_FMT_YUV420P12LE, 12, true, true), (AV_PIX_FMT_YUV422P12LE, 12, true, false),
        (AV_PIX_FMT_YUV444P12LE, 12, false, false),
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
