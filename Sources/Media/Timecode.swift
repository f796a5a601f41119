import CFFmpeg
import Timing

/// The time code of QuickTime files: a track of its own that holds when the first frame was recorded.
///
/// FFmpeg's demuxer states it as metadata of the video, too, from which its muxers make the track anew or a tag.
enum Timecode {
    static func isTrack(_ stream: UnsafeMutablePointer<AVStream>) -> Bool {
        let tag = stream.parameters.codec_tag
        return stream.parameters.codec_type == AVMEDIA_TYPE_DATA
            && [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: tag >> $0) } == Array("tmcd".utf8)
    }

    static func isStated(by video: UnsafeMutablePointer<AVStream>) -> Bool {
        av_dict_get(video.pointee.metadata, key, nil, 0) != nil
    }

    /// Why the result cannot state the time code of the video at a rate; nil where it can, and where there is none.
    static func loss(
        of video: UnsafeMutablePointer<AVStream>, at rate: Rational,
        in container: UnsafePointer<AVOutputFormat>,
        _ timing: CopyTiming
    ) -> String? {
        guard isStated(by: video) else { return nil }
        if timing.movesTime { return "the result begins at another frame, or plays at another speed" }
        let name = Container.name(of: container)
        let hasTrack = ["mov", "mp4", "mxf"].contains(name)
        guard hasTrack || ["matroska", "webm"].contains(name) else {
            return "container \(name) cannot hold it"
        }
        // Its track counts the frames of a second in a byte.
        return hasTrack && rate > Rational(255)
            ? "container \(name) counts at most 255 frames a second in it" : nil
    }

    static func remove(from stream: UnsafeMutablePointer<AVStream>) {
        av_dict_set(&stream.pointee.metadata, key, nil, 0)
    }

    private static let key = "timecode"
}
