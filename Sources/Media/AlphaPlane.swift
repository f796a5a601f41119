import CFFmpeg

/// The transparency of a frame, whatever its pixel format.
enum AlphaPlane {
    /// Writes (1 - t)·first + t·second to the alpha of `result`; all three have one format and size.
    static func mix(_ first: VideoFrame, _ second: VideoFrame, at t: Float, into result: VideoFrame) throws {
        guard let descriptor = av_pix_fmt_desc_get(result.format), !result.format.isFloat else { return }
        let component = Int32(result.format.componentCount - 1)
        let width = result.width
        var (rowA, rowB) = ([UInt16](repeating: 0, count: width), [UInt16](repeating: 0, count: width))
        for y in 0..<result.height {
            read(first, descriptor, component, y, &rowA)
            read(second, descriptor, component, y, &rowB)
            for x in 0..<width {
                rowA[x] = UInt16(((1 - t) * Float(rowA[x]) + t * Float(rowB[x])).rounded())
            }
            withPlanes(result) { data, strides in
                av_write_image_line(&rowA, data, strides, descriptor, 0, Int32(y), component, Int32(width))
            }
        }
    }

    private static func read(
        _ frame: VideoFrame, _ descriptor: UnsafePointer<AVPixFmtDescriptor>, _ component: Int32, _ y: Int,
        _ row: inout [UInt16]
    ) {
        let width = Int32(frame.width)
        withPlanes(frame) { data, strides in
            data.withMemoryRebound(to: UnsafePointer<UInt8>?.self, capacity: 4) {
                av_read_image_line(&row, $0, strides, descriptor, 0, Int32(y), component, width, 0)
            }
        }
    }

    private static func withPlanes(
        _ frame: VideoFrame,
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, UnsafePointer<Int32>) -> Void
    ) {
        withUnsafeMutablePointer(to: &frame.pointer.pointee.data) { data in
            data.withMemoryRebound(to: UnsafeMutablePointer<UInt8>?.self, capacity: 8) { data in
                withUnsafePointer(to: &frame.pointer.pointee.linesize) { strides in
                    strides.withMemoryRebound(to: Int32.self, capacity: 8) { body(data, $0) }
                }
            }
        }
    }
}
