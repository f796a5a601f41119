import CFFmpeg

/// Decoding times of a copied stream whose packets do not all state one.
///
/// Matroska stores only when a frame is shown. Where frames are stored out of that order, those at the beginning are then
/// without a time to decode them at, and taking the time they are shown at for it would put all behind them out of order.
/// As in FFmpeg's demuxers, the n-th packet is decoded when the (n − delay)-th frame, in the order they are shown, is.
struct DecodingTimes {
    /// How many frames a decoder holds back to bring them into order.
    private let delay: Int
    /// The latest times that frames are shown at, sorted; one more than the delay.
    private var shown: [Int64] = []

    /// Whether frames are stored in another order than they are shown in.
    var isReordered: Bool { delay > 0 }

    init(_ parameters: AVCodecParameters) {
        let isVideo = parameters.codec_type == AVMEDIA_TYPE_VIDEO
        // No codec holds back more, and no memory is to be taken on a file's word.
        delay = isVideo ? min(max(0, Int(parameters.video_delay)), 16) : 0
    }

    /// Takes the times of the next packet, in ticks. Returns when it is decoded; nil where nothing tells.
    mutating func next(_ packet: AVPacket, frameDuration: Int64) -> Int64? {
        let stated = packet.dts == cffmpeg_no_timestamp ? nil : packet.dts
        guard packet.pts != cffmpeg_no_timestamp else { return stated }
        if shown.isEmpty {
            let step = max(1, packet.duration > 0 ? packet.duration : frameDuration)
            shown = (0..<delay).map { packet.pts &- Int64(delay - $0) &* step }
        }
        shown.insert(packet.pts, at: shown.firstIndex { $0 > packet.pts } ?? shown.endIndex)
        let estimate = shown.removeFirst()
        return stated ?? estimate
    }
}
