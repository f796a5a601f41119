import CFFmpeg

/// Filters of libavfilter between two ends: frames go in and come out, in order.
final class FilterGraph {
    /// What the frames that go in are like; a graph is made for one kind.
    struct Input: Equatable {
        var width: Int
        var height: Int
        var format: AVPixelFormat
        var aspect: String

        init(_ frame: VideoFrame) {
            (width, height, format) = (frame.width, frame.height, frame.format)
            let ratio = frame.pointer.pointee.sample_aspect_ratio
            aspect = "\(ratio.num)/\(max(1, ratio.den))"
        }
    }

    let input: Input
    private let graph: UnsafeMutablePointer<AVFilterGraph>
    private let source: UnsafeMutablePointer<AVFilterContext>
    private let sink: UnsafeMutablePointer<AVFilterContext>

    /// One filter for frames like `frame` whose timestamps count them.
    convenience init(_ filter: String, options: String, for frame: VideoFrame) throws(MediaError) {
        try self.init(chain: "\(filter)=\(options)", for: frame)
    }

    /// Filters in FFmpeg's notation, with one open input and one open output, for frames like `frame` whose timestamps count
    /// them.
    init(chain: String, for frame: VideoFrame) throws(MediaError) {
        input = Input(frame)
        let graph = try FFmpeg.allocated(avfilter_graph_alloc(), "avfilter_graph_alloc")
        func make(_ name: String, _ options: String?) throws(MediaError)
            -> UnsafeMutablePointer<AVFilterContext>
        {
            var made: UnsafeMutablePointer<AVFilterContext>?
            try FFmpeg.explain("avfilter_graph_create_filter", "filter \(name)") {
                avfilter_graph_create_filter(&made, avfilter_get_by_name(name), name, options, nil, graph)
            }
            return try FFmpeg.allocated(made, "avfilter_graph_create_filter")
        }
        do {
            source = try make(
                "buffer",
                "video_size=\(input.width)x\(input.height):pix_fmt=\(input.format.rawValue):time_base=1/1"
                    + ":pixel_aspect=\(input.aspect)")
            sink = try make("buffersink", nil)
            var (before, after) = (avfilter_inout_alloc(), avfilter_inout_alloc())
            defer {
                avfilter_inout_free(&before)
                avfilter_inout_free(&after)
            }
            let (outputs, inputs) = (
                try FFmpeg.allocated(before, "avfilter_inout_alloc"),
                try FFmpeg.allocated(after, "avfilter_inout_alloc")
            )
            (outputs.pointee.name, outputs.pointee.filter_ctx) = (av_strdup("in"), source)
            (inputs.pointee.name, inputs.pointee.filter_ctx) = (av_strdup("out"), sink)
            try FFmpeg.explain("avfilter_graph_parse_ptr", "filter \(chain)") {
                avfilter_graph_parse_ptr(graph, chain, &after, &before, nil)
            }
            try FFmpeg.explain("avfilter_graph_config", "filter \(chain)") {
                avfilter_graph_config(graph, nil)
            }
        } catch {
            var graph: UnsafeMutablePointer<AVFilterGraph>? = graph
            avfilter_graph_free(&graph)
            throw error
        }
        self.graph = graph
    }

    deinit {
        var graph: UnsafeMutablePointer<AVFilterGraph>? = graph
        avfilter_graph_free(&graph)
    }

    /// Sends a frame, or with nil the end; the frame itself is not changed.
    func send(_ frame: VideoFrame?) throws(MediaError) {
        let flags = Int32(AV_BUFFERSRC_FLAG_KEEP_REF)
        try FFmpeg.check(
            av_buffersrc_add_frame_flags(source, frame?.pointer, flags), "av_buffersrc_add_frame", "frame")
    }

    /// The next result; nil where more input is needed, and at the end.
    func receive() throws(MediaError) -> VideoFrame? {
        let frame = try VideoFrame()
        let code = av_buffersink_get_frame(sink, frame.pointer)
        if code == FFmpeg.again || code == FFmpeg.endOfFile { return nil }
        try FFmpeg.check(code, "av_buffersink_get_frame", "frame")
        return frame
    }
}
