import CFFmpeg

/// The transparency of a frame, whatever its pixel format.
enum AlphaPlane {
    /// Writes (1 - t)·first + t·second to the alpha of `result`; all three have one format and size.
    static func mix(_ first: VideoFrame, _ second: VideoFrame, at t: Float, into result: VideoFrame) {
        guard let (a, b) = Samples(first).flatMap({ a in Samples(second).map { (a, $0) } }),
            let target = Samples(result)
        else { return }
        let component = result.format.componentCount - 1
        var rowA = [UInt16](repeating: 0, count: result.width)
        var rowB = rowA
        for y in 0..<result.height {
            a.read(component: component, y, into: &rowA)
            b.read(component: component, y, into: &rowB)
            for x in 0..<rowA.count {
                rowA[x] = UInt16(((1 - t) * Float(rowA[x]) + t * Float(rowB[x])).rounded())
            }
            target.write(component: component, y, from: &rowA)
        }
    }
}
