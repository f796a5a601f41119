import Tensors

/// Bytes that the DAIN network occupies, for choosing tiles that fit.
///
/// Derived from the tensors that are alive at the worst moment of each stage; tests hold them against what a backend really
/// allocates.
public struct MemoryNeed: Sendable {
    let rectifies: Bool
    /// Of the backend.
    let rowsPerStrip: Int

    /// Filters in the form that is computed with, and what the largest convolutions take for their own.
    public var fixed: Int { (rectifies ? 520 : 400) << 20 }

    /// Making a new frame of so many pixels, with all that is known of both frames.
    public func newFrame(width: Int, height: Int) -> Int {
        width * height * Self.planeBytes * (2 * Self.framePlanes + newFramePlanes(height: height))
    }

    /// What is kept of a frame besides its context: image, depth, inverse depth and flow pyramid.
    public func frame(pixels: Int) -> Int { pixels * Self.planeBytes * Self.framePlanes }

    /// As float32. A backend that stores features in half precision takes up to half of it: its tiles are then smaller than need
    /// be, never too large.
    private static let planeBytes = 4
    /// 3 + 1 + 1 + 7.6, where the pyramid's levels count by their size.
    private static let framePlanes = 13

    private func newFramePlanes(height: Int) -> Int {
        // The depth net's first layer and the first branch of its hourglass: 128 + 256 + 16.
        guard rectifies else { return 400 }
        let contexts = 2 * 196
        // Kernels 32, flows 8, blend and output 9.
        let pair = 49
        // The first layer's input is made in strips; then come two tensors of 128.
        let strip = RowStrips(height: height, halo: 3, rows: rowsPerStrip).map(\.input.count).max() ?? height
        let part = strip < height ? 128 : 0
        let entry = (RectifyNetInput.channels + part) * strip / max(1, height)
        return contexts + pair + 128 + max(128, entry)
    }
}

extension DAIN {
    public var memoryNeed: MemoryNeed {
        MemoryNeed(rectifies: !skipsRectification, rowsPerStrip: backend.rowsPerStrip)
    }
}
