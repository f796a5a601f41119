import CFFmpeg

/// Frames from and to plain bytes: rows from top to bottom and plane after plane, without padding, in the byte order of
/// the pixel format.
extension VideoFrame {
    /// A frame with the pixels of `bytes`. Throws for a pixel format or tag that FFmpeg does not know, for a size it cannot
    /// handle, and when `bytes` does not hold exactly one picture.
    public convenience init(
        width: Int, height: Int, pixelFormat: String, colours: ColourTags = ColourTags(), bytes: [UInt8]
    ) throws {
        let format = try AVPixelFormat.named(pixelFormat)
        let (wide, high) = (Int32(clamping: width), Int32(clamping: height))
        let size = av_image_get_buffer_size(format, wide, high, 1)
        guard wide > 0, high > 0, size > 0, !format.isHardware else {
            throw MediaError.noPicture(width: width, height: height, pixelFormat: pixelFormat)
        }
        guard bytes.count == Int(size) else {
            throw MediaError.wrongByteCount(expected: Int(size), got: bytes.count)
        }
        try self.init()
        pointer.pointee.width = wide
        pointer.pointee.height = high
        pointer.pointee.format = format.rawValue
        try setColours(colours)
        tagFullRange()
        try FFmpeg.check(av_frame_get_buffer(pointer, 0), "av_frame_get_buffer", "frame")
        var planes = [UnsafeMutablePointer<UInt8>?](repeating: nil, count: 4)
        var strides = [Int32](repeating: 0, count: 4)
        try bytes.withUnsafeBufferPointer { bytes throws(MediaError) in
            try FFmpeg.check(
                av_image_fill_arrays(&planes, &strides, bytes.baseAddress, format, wide, high, 1),
                "av_image_fill_arrays", "frame")
            for plane in 0..<Int(av_pix_fmt_count_planes(format)) {
                let count = av_image_get_linesize(format, wide, Int32(plane))
                guard let source = planes[plane], let target = data(plane), count > 0 else { continue }
                for row in 0..<planeHeights[plane] {
                    (target + row * stride(plane)).update(
                        from: source + row * Int(strides[plane]), count: Int(count))
                }
            }
        }
    }

    /// The pixels, as `init(width:height:pixelFormat:colours:bytes:)` takes them.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for (plane, height) in planeHeights.enumerated() {
            for row in 0..<height { withRow(plane: plane, row) { bytes.append(contentsOf: $0) } }
        }
        return bytes
    }
}
