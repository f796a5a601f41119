import CFFmpeg

/// Makes whole pictures of frames that consist of two fields, one for each, by FFmpeg's filter `bwdif`.
///
/// Frames pass as they are until the first that is interlaced; from there on the filter, which looks at neighbours too,
/// holds one back. It leaves those alone that say of themselves that they are progressive.
final class Deinterlacer {
    /// Fields shown first in a stream that is declared interlaced; nil where it is not.
    private let declaredTopFieldFirst: Bool?
    /// Whether frames say themselves what they are. Many codecs cannot, and only the container tells.
    private var framesAreMarked = false
    private var graph: FilterGraph?
    private var ready: [VideoFrame] = []
    /// What the filter does not hand on: when the frames in it are shown.
    private var times: [(pts: Int64, bestEffort: Int64, duration: Int64)] = []
    private var count: Int64 = 0
    /// Whether any frame was interlaced.
    private(set) var isActive = false
    /// Why frames are left as they are, where the filter cannot take them.
    private(set) var refusal: MediaError?

    init(_ stream: UnsafeMutablePointer<AVStream>) {
        let parameters = UnsafePointer(stream.pointee.codecpar)
        declaredTopFieldFirst =
            cffmpeg_is_interlaced(parameters) ? cffmpeg_is_top_field_first(parameters) : nil
    }

    func put(_ frame: VideoFrame) throws(MediaError) {
        if cffmpeg_frame_is_interlaced(frame.pointer) {
            framesAreMarked = true
            isActive = true
        } else if !framesAreMarked, let declaredTopFieldFirst {
            cffmpeg_mark_interlaced(frame.pointer, declaredTopFieldFirst)
            isActive = true
        }
        if let graph, graph.input != FilterGraph.Input(frame) { try finish() }
        guard isActive, refusal == nil, let graph = graph ?? makeGraph(for: frame) else {
            ready.append(frame)
            return
        }
        times.append(
            (
                frame.pointer.pointee.pts, frame.pointer.pointee.best_effort_timestamp,
                cffmpeg_frame_duration(frame.pointer)
            ))
        frame.pointer.pointee.pts = count
        count += 1
        try graph.send(frame)
        try collect()
    }

    private func makeGraph(for frame: VideoFrame) -> FilterGraph? {
        do throws(MediaError) {
            graph = try FilterGraph("bwdif", options: "mode=send_frame:deint=interlaced", for: frame)
        } catch {
            refusal = error
        }
        return graph
    }

    /// Says that no frame follows: the rest can be taken.
    func finish() throws(MediaError) {
        guard let graph else { return }
        try graph.send(nil)
        try collect()
        self.graph = nil
        times = []
    }

    func take() -> VideoFrame? { ready.isEmpty ? nil : ready.removeFirst() }

    private func collect() throws(MediaError) {
        while let frame = try graph?.receive() {
            // One comes out for each that went in, in the same order.
            guard !times.isEmpty else { return }
            let time = times.removeFirst()
            frame.pointer.pointee.pts = time.pts
            frame.pointer.pointee.best_effort_timestamp = time.bestEffort
            cffmpeg_set_frame_duration(frame.pointer, time.duration)
            ready.append(frame)
        }
    }
}
