import CFFmpeg
import Timing

/// The time code of a video: how the recorder labelled its first frame, in hours, minutes, seconds and frames.
///
/// QuickTime files have it as a track of its own. FFmpeg's demuxers state it as metadata of the video, or of the whole
/// file, from which its muxers make the track anew or a tag.
struct Timecode: Hashable {
    /// Hours, minutes and seconds.
    var clock: [Int]
    var frame: Int
    /// Whether labels are left out, so that those of 29.97 frames a second keep up with the clock.
    var isDropFrame: Bool

    /// `hh:mm:ss:ff`; another sign than a colon before the frames means that labels are left out.
    init?(_ text: String) {
        let parts = text.split(omittingEmptySubsequences: false) { ":;.,".contains($0) }
        let numbers = parts.compactMap { Int($0) }.filter { $0 >= 0 }
        guard parts.count == 4, numbers.count == 4, numbers[1] < 60, numbers[2] < 60 else { return nil }
        clock = Array(numbers[..<3])
        frame = numbers[3]
        isDropFrame = text.contains { ";.,".contains($0) }
    }

    var text: String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return clock.map(two).joined(separator: ":") + (isDropFrame ? ";" : ":") + two(frame)
    }

    /// The label of the same instant where a second has other frames; nil where there is none. Less than a frame is left out.
    func converted(from rate: Rational, to other: Rational) -> (code: Timecode, isExact: Bool)? {
        let (count, wanted) = (rate.rounded, other.rounded)
        guard count > 0, wanted > 0, frame < count else { return nil }
        if isDropFrame, ![rate, other].allSatisfy(Self.dropsFrames) { return nil }
        var code = self
        let scaled = Int64(frame) * wanted
        code.frame = Int(scaled / count)
        return (code, scaled % count == 0)
    }

    /// Whether frames can be labelled with labels left out.
    private static func dropsFrames(_ rate: Rational) -> Bool {
        rate.rounded % 30 == 0 && rate * Rational(1001, 1000) == Rational(rate.rounded)
    }

    // MARK: In files

    static func isTrack(_ stream: UnsafeMutablePointer<AVStream>) -> Bool {
        let tag = stream.parameters.codec_tag
        return stream.parameters.codec_type == AVMEDIA_TYPE_DATA
            && [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: tag >> $0) } == Array("tmcd".utf8)
    }

    static func isStated(by video: UnsafeMutablePointer<AVStream>, in demuxer: Demuxer) -> Bool {
        stated(by: video, in: demuxer) != nil
    }

    /// As the file has it: muxers take that of the whole file first.
    private static func stated(by video: UnsafeMutablePointer<AVStream>, in demuxer: Demuxer) -> String? {
        let entry =
            av_dict_get(demuxer.context.pointee.metadata, key, nil, 0)
            ?? av_dict_get(video.pointee.metadata, key, nil, 0)
        return entry.flatMap { $0.pointee.value }.map { String(cString: $0) }
    }

    /// What a result can state.
    enum Fate {
        /// This, and where it had to be rounded a note that says so.
        case kept(String, note: String?)
        case lost(reason: String)
    }

    /// What becomes of the time code of the video at a rate; nil where there is none.
    static func fate(
        of video: UnsafeMutablePointer<AVStream>, in demuxer: Demuxer, at rate: Rational,
        in container: UnsafePointer<AVOutputFormat>, _ timing: CopyTiming
    ) -> Fate? {
        guard let text = stated(by: video, in: demuxer) else { return nil }
        if timing.movesTime {
            return .lost(reason: "the result begins at another frame, or plays at another speed")
        }
        let name = Container.name(of: container)
        let hasTrack = ["mov", "mp4", "mxf"].contains(name)
        guard hasTrack || ["matroska", "webm"].contains(name) else {
            return .lost(reason: "container \(name) cannot hold it")
        }
        // Its track counts the frames of a second in a byte.
        if hasTrack, rate > Rational(255) {
            return .lost(reason: "container \(name) counts at most 255 frames a second in it")
        }
        let stream = video.pointee
        guard let code = Timecode(text),
            let own = Rational(frameRate: stream.avg_frame_rate) ?? Rational(frameRate: stream.r_frame_rate)
        else { return .lost(reason: "'\(text)' is no time code") }
        guard let converted = code.converted(from: own, to: rate) else {
            return .lost(
                reason: code.isDropFrame
                    ? "labels are left out of it, as of 29.97 frames a second, and the result has another rate"
                    : "'\(text)' is no time code at its frame rate")
        }
        let note =
            converted.isExact
            ? nil : "its time code \(text) becomes \(converted.code.text), by less than a frame too early"
        return .kept(converted.code.text, note: note)
    }

    /// States a time code in a file that has the source's metadata, in the place of what these say of it; nil takes that out.
    static func state(_ code: String?, of video: UnsafeMutablePointer<AVStream>, in muxer: Muxer) {
        // Setting nothing takes an entry out.
        av_dict_set(&muxer.context.pointee.metadata, key, nil, 0)
        av_dict_set(&video.pointee.metadata, key, code, 0)
    }

    /// What the video of a file is labelled with, for one that is made of it.
    static func label(of video: UnsafeMutablePointer<AVStream>, in demuxer: Demuxer) -> String? {
        stated(by: video, in: demuxer)
    }

    private static let key = "timecode"
}
