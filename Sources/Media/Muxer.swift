import CFFmpeg
import Foundation

/// Writes packets into a container.
///
/// Packets come from two threads, the encoder's and the reader's: a lock orders them. Sendable without checks for that.
final class Muxer: @unchecked Sendable {
    let context: UnsafeMutablePointer<AVFormatContext>
    private let path: String
    private let lock = NSLock()
    private var isOpen = false

    /// Whether it writes to standard output.
    let isPipe: Bool

    /// A container of the kind that `format` or, without one, the name's ending says. Standard output gets YUV4MPEG.
    init(path: String, format: String? = nil) throws(MediaError) {
        FFmpegLog.capture()
        isPipe = path == StandardStream.path
        self.path = isPipe ? StandardStream.output : path
        let format = format.map(FormatName.ffmpeg) ?? (isPipe ? "yuv4mpegpipe" : nil)
        var allocated: UnsafeMutablePointer<AVFormatContext>?
        guard avformat_alloc_output_context2(&allocated, nil, format, path) >= 0, let allocated else {
            if let format { throw .unknownOutputFormat(name: format) }
            throw .unknownContainer(path: path)
        }
        context = allocated
        Self.allowExperimental(allocated)
        if has(AVFMT_NOFILE) {
            throw .notOneFile(path: path, container: containerName)
        }
        if isPipe, Container.needsSeeking(container) {
            throw .containerNeedsFile(container: containerName)
        }
        guard Container.isForVideo(container) else {
            throw .noVideoInContainer(path: path, container: containerName)
        }
    }

    /// Lets FFmpeg's muxers write combinations that they call experimental, such as FLAC in MP4: better than to lose a stream.
    static func allowExperimental(_ context: UnsafeMutablePointer<AVFormatContext>) {
        context.pointee.strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL
    }

    deinit {
        if isOpen { avio_closep(&context.pointee.pb) }
        avformat_free_context(context)
    }

    var container: UnsafePointer<AVOutputFormat> { UnsafePointer(context.pointee.oformat) }
    var containerName: String { Container.name(of: container) }

    func has(_ flag: Int32) -> Bool { container.pointee.flags & flag != 0 }

    func addStream() throws(MediaError) -> UnsafeMutablePointer<AVStream> {
        try FFmpeg.allocated(avformat_new_stream(context, nil), "avformat_new_stream")
    }

    /// Opens the file and writes the header; after it, streams have the time bases that the container chose.
    func begin(writingTo file: String) throws(MediaError) {
        let code = avio_open(&context.pointee.pb, file, AVIO_FLAG_WRITE)
        if code < 0 { throw .ffmpeg(call: "avio_open", code: code, subject: path, detail: nil) }
        isOpen = true
        // Whoever reads the other end waits for each frame.
        if isPipe { context.pointee.flags |= AVFMT_FLAG_FLUSH_PACKETS }
        refineEditLists()
        try FFmpeg.explain("avformat_write_header", path) { avformat_write_header(context, nil) }
    }

    /// MP4 states where each stream begins in a unit of the whole file, by default milliseconds: here one that all streams share.
    private func refineEditLists() {
        guard let options = context.pointee.priv_data, container.pointee.priv_class != nil else { return }
        var unit: Int64 = 1000
        for index in 0..<Int(context.pointee.nb_streams) {
            guard let stream = context.pointee.streams[index] else { continue }
            let rate = Int64(stream.parameters.sample_rate)
            let own = rate > 0 ? rate : Int64(stream.pointee.time_base.den)
            guard own > 0 else { continue }
            let common = unit / av_gcd(unit, own) * own
            // Finer than anybody can tell, and durations of days must fit.
            if common <= 10_000_000 { unit = common }
        }
        // Other containers have no such option, which is no error here.
        av_opt_set_int(options, "movie_timescale", unit, 0)
    }

    /// Writes a packet, with times in the stream's time base; keeps it until packets of the other streams catch up.
    func write(_ packet: Packet, to stream: UnsafeMutablePointer<AVStream>) throws {
        packet.pointer.pointee.stream_index = stream.pointee.index
        packet.pointer.pointee.pos = -1
        try lock.withLock {
            let code = try FFmpeg.explainWriting("av_interleaved_write_frame", path) {
                av_interleaved_write_frame(context, packet.pointer)
            }
            try FFmpeg.check(code, "av_interleaved_write_frame", path)
        }
    }

    /// Writes the end of the container and closes the file; a full disk shows here at the latest.
    func finish() throws(MediaError) {
        let code = try FFmpeg.explainWriting("av_write_trailer", path) { av_write_trailer(context) }
        try FFmpeg.check(code, "av_write_trailer", path)
        isOpen = false
        try FFmpeg.check(avio_closep(&context.pointee.pb), "avio_closep", path)
    }
}
