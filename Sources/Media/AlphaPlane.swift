import CFFmpeg

/// The transparency of a frame, whatever its pixel format, as values in [0, 1], row by row.
enum AlphaPlane {
    /// nil where the pixel format has none.
    static func read(_ frame: VideoFrame) -> [Float]? {
        guard frame.format.hasAlpha else { return nil }
        let (width, height) = (frame.width, frame.height)
        if frame.format.isPlanarFloat {
            return (0..<height).flatMap { y in
                UnsafeBufferPointer(start: frame.row(3, y) as UnsafeMutablePointer<Float>, count: width)
            }
        }
        guard let samples = Samples(frame) else { return nil }
        let component = frame.format.componentCount - 1
        let scale = 1 / Float((1 << frame.format.depth(of: component)) - 1)
        var row = [UInt16](repeating: 0, count: width)
        var values: [Float] = []
        values.reserveCapacity(width * height)
        for y in 0..<height {
            samples.read(component: component, y, into: &row)
            for code in row { values.append(Float(code) * scale) }
        }
        return values
    }

    /// Replaces the alpha of a frame that has one.
    static func write(_ values: [Float], into frame: VideoFrame) {
        precondition(values.count == frame.width * frame.height, "one plane of the frame's size")
        let width = frame.width
        if frame.format.isPlanarFloat {
            for y in 0..<frame.height {
                let row: UnsafeMutablePointer<Float> = frame.row(3, y)
                for x in 0..<width { row[x] = values[y * width + x] }
            }
            return
        }
        guard let samples = Samples(frame) else { return }
        let component = frame.format.componentCount - 1
        let top = Float((1 << frame.format.depth(of: component)) - 1)
        var row = [UInt16](repeating: 0, count: width)
        for y in 0..<frame.height {
            for x in 0..<width {
                let code = values[y * width + x] * top + 0.5
                row[x] = UInt16(min(code > 0 ? code : 0, top))
            }
            samples.write(component: component, y, from: &row)
        }
    }
}
