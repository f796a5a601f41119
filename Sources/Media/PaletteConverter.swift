import CFFmpeg

/// Pictures with a palette, as GIF has them: 256 colours chosen for each frame, and dithering by error diffusion, by FFmpeg's
/// filters `palettegen` and `paletteuse`.
final class PaletteConverter {
    private static let filters =
        "split[picture][colours];[colours]palettegen=stats_mode=single[palette];"
        + "[picture][palette]paletteuse=new=1:dither=sierra2_4a"

    private var graph: FilterGraph?
    private var count: Int64 = 0

    /// The frame, whose format is that of `inputFormat`, with a palette.
    func convert(_ frame: VideoFrame) throws(MediaError) -> VideoFrame {
        let graph: FilterGraph
        if let known = self.graph, known.input == FilterGraph.Input(frame) {
            graph = known
        } else {
            graph = try FilterGraph(chain: Self.filters, for: frame)
            self.graph = graph
        }
        // The filters pair pictures and palettes by their times.
        frame.pointer.pointee.pts = count
        count += 1
        try graph.send(frame)
        guard let result = try graph.receive() else {
            throw .unsupportedConversion(from: frame.format.name, to: AV_PIX_FMT_PAL8.name)
        }
        return result
    }

    static let inputFormat = AV_PIX_FMT_BGRA
}
