import CFFmpeg
import Timing

/// A decoded picture with its time, as the decoder made it.
///
/// Sendable without checks: its pixels are not changed after it was made.
public final class VideoFrame: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<AVFrame>
    /// When it is shown, and for how long, in seconds.
    public internal(set) var time: Rational
    public internal(set) var duration: Rational

    /// An empty frame for FFmpeg to fill.
    init(time: Rational = .zero, duration: Rational = .zero) throws(MediaError) {
        pointer = try FFmpeg.allocated(av_frame_alloc(), "av_frame_alloc")
        self.time = time
        self.duration = duration
    }

    /// A frame with pixels to be written, and everything but them (colours, side data) like `model`.
    init(like model: VideoFrame, width: Int? = nil, height: Int? = nil, format: AVPixelFormat? = nil)
        throws(MediaError)
    {
        pointer = try FFmpeg.allocated(av_frame_alloc(), "av_frame_alloc")
        time = model.time
        duration = model.duration
        try FFmpeg.check(av_frame_copy_props(pointer, model.pointer), "av_frame_copy_props", "frame")
        pointer.pointee.width = width.map(Int32.init) ?? model.pointer.pointee.width
        pointer.pointee.height = height.map(Int32.init) ?? model.pointer.pointee.height
        pointer.pointee.format = format.map(\.rawValue) ?? model.pointer.pointee.format
        try FFmpeg.check(av_frame_get_buffer(pointer, 0), "av_frame_get_buffer", "frame")
    }

    deinit {
        var frame: UnsafeMutablePointer<AVFrame>? = pointer
        av_frame_free(&frame)
    }

    public var width: Int { Int(pointer.pointee.width) }
    public var height: Int { Int(pointer.pointee.height) }

    /// Columns of the chroma planes.
    var chromaWidth: Int { -((-width) >> format.chromaShift.width) }

    /// FFmpeg's name of the pixel format, such as `yuv420p10le`.
    public var pixelFormatName: String { format.name }

    var format: AVPixelFormat { AVPixelFormat(rawValue: pointer.pointee.format) }

    /// Removes what belongs to the one frame that the properties were copied from: captions and time codes would appear twice.
    func becomeNew() {
        pointer.pointee.pict_type = AV_PICTURE_TYPE_NONE
        for type in [
            AV_FRAME_DATA_A53_CC, AV_FRAME_DATA_MOTION_VECTORS, AV_FRAME_DATA_GOP_TIMECODE,
            AV_FRAME_DATA_S12M_TIMECODE, AV_FRAME_DATA_SEI_UNREGISTERED, AV_FRAME_DATA_VIDEO_ENC_PARAMS,
        ] { av_frame_remove_side_data(pointer, type) }
    }

    /// Replaces an old format whose name says full range by its plain one, and says it by the tag.
    func tagFullRange() {
        guard let plain = format.withoutFullRange else { return }
        pointer.pointee.format = plain.rawValue
        pointer.pointee.color_range = AVCOL_RANGE_JPEG
    }

    /// Whether it is on one of the curves of HDR, PQ and HLG.
    var isHDR: Bool {
        [AVCOL_TRC_SMPTE2084, AVCOL_TRC_ARIB_STD_B67].contains(pointer.pointee.color_trc)
    }

    /// Whether code values mean in `format` what they mean here: formats may imply full range.
    func hasRange(of format: AVPixelFormat) -> Bool {
        let isFull = pointer.pointee.color_range == AVCOL_RANGE_JPEG || self.format.isFullRangeByName
        return isFull || !format.isFullRangeByName
    }

    /// The bytes of a row of a plane, without the padding behind it.
    public func withRow<Result>(plane: Int, _ row: Int, _ body: (UnsafeRawBufferPointer) throws -> Result)
        rethrows
        -> Result
    {
        guard let start = data(plane) else { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        let bytes = Int(av_image_get_linesize(format, pointer.pointee.width, Int32(plane)))
        let offset = row * stride(plane)
        return try withExtendedLifetime(self) {
            try body(UnsafeRawBufferPointer(start: start + offset, count: max(0, bytes)))
        }
    }

    /// The number of planes and the rows of each.
    public var planeHeights: [Int] {
        let chroma = format.chromaShift.height
        return (0..<max(0, Int(av_pix_fmt_count_planes(format)))).map { plane in
            plane == 1 || plane == 2 ? -((-height) >> chroma) : height
        }
    }

    /// A row of a plane of 16-bit or float samples.
    func row<Sample>(_ plane: Int, _ y: Int) -> UnsafeMutablePointer<Sample> {
        UnsafeMutableRawPointer(data(plane)! + y * stride(plane)).assumingMemoryBound(to: Sample.self)
    }

    /// Sets all samples to zero.
    func clear() {
        for (plane, height) in planeHeights.enumerated() {
            guard let start = data(plane) else { continue }
            start.update(repeating: 0, count: height * stride(plane))
        }
    }

    func data(_ plane: Int) -> UnsafeMutablePointer<UInt8>? {
        withUnsafePointer(to: &pointer.pointee.data) {
            $0.withMemoryRebound(to: UnsafeMutablePointer<UInt8>?.self, capacity: 8) { $0[plane] }
        }
    }

    func stride(_ plane: Int) -> Int {
        withUnsafePointer(to: &pointer.pointee.linesize) {
            $0.withMemoryRebound(to: Int32.self, capacity: 8) { Int($0[plane]) }
        }
    }
}
