import CFFmpeg

/// The samples of a frame's components at their own depth, wherever its pixel format keeps them.
struct Samples {
    private let frame: VideoFrame
    private let descriptor: UnsafePointer<AVPixFmtDescriptor>

    /// nil for formats of floats.
    init?(_ frame: VideoFrame) {
        guard let descriptor = av_pix_fmt_desc_get(frame.format), !frame.format.isFloat else { return nil }
        self.frame = frame
        self.descriptor = descriptor
    }

    /// Fills `row`, which is as long as the component's rows, with row `y` of a component.
    func read(component: Int, _ y: Int, into row: inout [UInt16]) {
        withPlanes { data, strides in
            data.withMemoryRebound(to: UnsafePointer<UInt8>?.self, capacity: 4) {
                av_read_image_line(
                    &row, $0, strides, descriptor, 0, Int32(y), Int32(component), Int32(row.count), 0)
            }
        }
    }

    /// Replaces row `y` of a component by `row`, and leaves the other components as they are.
    ///
    /// FFmpeg's own function sets bits and clears none. Formats of single bits are left to it: they must hold zeros before.
    func write(component index: Int, _ y: Int, from row: inout [UInt16]) {
        let components = descriptor.pointee.comp
        let component = [components.0, components.1, components.2, components.3][index]
        let plane = Int(component.plane)
        let flags = descriptor.pointee.flags
        guard flags & UInt64(AV_PIX_FMT_FLAG_BITSTREAM) == 0, let start = frame.data(plane) else {
            withPlanes { data, strides in
                av_write_image_line(
                    &row, data, strides, descriptor, 0, Int32(y), Int32(index), Int32(row.count))
            }
            return
        }
        // In the usual formats a sample has its bytes for itself.
        let isNative = (flags & UInt64(AV_PIX_FMT_FLAG_BE) == 0) == (UInt16(1).littleEndian == 1)
        if component.shift == 0, component.step == 1, component.depth == 8 {
            let line = start + y * frame.stride(plane)
            row.withUnsafeBufferPointer { row in
                for x in row.indices { line[x] = UInt8(truncatingIfNeeded: row[x]) }
            }
            return
        }
        if component.shift == 0, component.step == 2, component.depth > 8, isNative {
            let line = UnsafeMutableRawPointer(start + y * frame.stride(plane))
            row.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(start: line, count: $0.count).copyMemory(from: $0)
            }
            return
        }
        let mask = (UInt16(1) << component.depth &- 1) << component.shift
        let line = UnsafeMutableRawPointer(start + y * frame.stride(plane) + Int(component.offset))
        let step = Int(component.step)
        if component.shift + component.depth <= 8 {
            // Big-endian formats of less than 8 bits share two bytes, whose second one comes first here.
            let isSwapped = flags & UInt64(AV_PIX_FMT_FLAG_BE) != 0 && step == 2 && component.depth < 8
            for x in 0..<row.count {
                let place = line + x * step + (isSwapped ? 1 : 0)
                let old = place.load(as: UInt8.self)
                place.storeBytes(
                    of: (old & ~UInt8(mask)) | UInt8(row[x] << component.shift & mask), as: UInt8.self)
            }
        } else {
            let isBigEndian = flags & UInt64(AV_PIX_FMT_FLAG_BE) != 0
            for x in 0..<row.count {
                let place = line + x * step
                let stored = place.loadUnaligned(as: UInt16.self)
                let old = isBigEndian ? UInt16(bigEndian: stored) : UInt16(littleEndian: stored)
                let new = (old & ~mask) | (row[x] << component.shift & mask)
                place.storeBytes(of: isBigEndian ? new.bigEndian : new.littleEndian, as: UInt16.self)
            }
        }
    }

    private func withPlanes(
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
