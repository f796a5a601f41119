import CFFmpeg
import Timing

/// Decodes the video stream of one file, and hands packets of its other streams on.
///
/// Damaged packets are counted and passed over: what decodes is used.
final class PictureReader {
    let demuxer: Demuxer
    let stream: UnsafeMutablePointer<AVStream>
    private let decoder: UnsafeMutablePointer<AVCodecContext>
    private var hasReachedEnd = false
    /// Gets each packet that is not the video's, in the file's order.
    var otherPacketHandler: ((Packet) throws -> Void)?
    private let lightLevels = LightLevels()
    /// A packet that was read and lies behind what was asked for.
    private var ahead: Packet?
    /// Packets that the decoder or the demuxer could not use.
    private(set) var damage = 0
    /// Pictures in which the decoder had to make up a part.
    private(set) var concealed = 0

    init(path: String, settings: InputSettings = InputSettings()) throws(MediaError) {
        demuxer = try Demuxer(path: path, settings: settings)
        let path = demuxer.path
        guard let stream = demuxer.videoStream else { throw .noVideoStream(path: path) }
        self.stream = stream
        let parameters = stream.parameters
        guard let codec = avcodec_find_decoder(parameters.codec_id) else {
            throw .unknownCodec(name: FFmpeg.codecName(parameters.codec_id), kind: "decoder")
        }
        decoder = try FFmpeg.allocated(avcodec_alloc_context3(codec), "avcodec_alloc_context3")
        try FFmpeg.check(
            avcodec_parameters_to_context(decoder, stream.pointee.codecpar), "avcodec_parameters_to_context",
            path)
        let pixels = Int(parameters.width) * Int(parameters.height)
        guard pixels <= settings.greatestPixels else {
            throw .pictureTooLarge(
                path: path, width: Int(parameters.width), height: Int(parameters.height),
                greatestPixels: settings.greatestPixels)
        }
        decoder.pointee.max_pixels = Int64(settings.greatestPixels)
        decoder.pointee.pkt_timebase = stream.pointee.time_base
        decoder.pointee.thread_count = 0
        // Threads that decode a frame each hold one back each.
        if demuxer.isLive { decoder.pointee.thread_type = FF_THREAD_SLICE }
        decoder.pointee.opaque = demuxer.errors.pointer
        try FFmpeg.explain("avcodec_open2", "\(path): decoder \(FFmpeg.codecName(parameters.codec_id))") {
            avcodec_open2(decoder, codec, nil)
        }
    }

    deinit {
        var decoder: UnsafeMutablePointer<AVCodecContext>? = decoder
        avcodec_free_context(&decoder)
    }

    var timeBase: TimeBase { TimeBase(stream.pointee.time_base) }

    /// The next picture in the order of presentation, with the decoder's own idea of its time; nil at the end.
    func next() throws -> VideoFrame? {
        while true {
            let frame = try VideoFrame()
            let code = avcodec_receive_frame(decoder, frame.pointer)
            if code >= 0 {
                if frame.pointer.pointee.decode_error_flags != 0 { concealed += 1 }
                frame.tagFullRange()
                try lightLevels.complete(frame, from: stream)
                return frame
            }
            if code == FFmpeg.endOfFile { return nil }
            if code != FFmpeg.again { damage += 1 }
            // A decoder that asks for more after its input has ended, or fails then, will not recover.
            if hasReachedEnd { return nil }
            try feed()
        }
    }

    /// Gives the decoder its next packet, or the end of its input.
    private func feed() throws {
        while !hasReachedEnd {
            let packet: Packet?
            do {
                packet = try demuxer.readPacket()
            } catch {
                // The rest of the file cannot be read: what came before it counts.
                damage += 1
                packet = nil
            }
            guard let packet else {
                hasReachedEnd = true
                avcodec_send_packet(decoder, nil)
                return
            }
            guard packet.streamIndex == Int(stream.pointee.index) else {
                try otherPacketHandler?(packet)
                continue
            }
            let code = avcodec_send_packet(decoder, packet.pointer)
            if code >= 0 { return }
            damage += 1
            // It holds pictures that must be taken first: it failed before it gave them all.
            if code == FFmpeg.again { return }
        }
    }

    /// Reads on without decoding, up to the first packet that lies behind a time, which is kept for the next call; to the
    /// end without one.
    func passOtherPackets(until time: Rational?) throws {
        while !hasReachedEnd {
            guard let packet = try ahead ?? nextUndecoded() else { return }
            ahead = nil
            guard packet.streamIndex != Int(stream.pointee.index) else { continue }
            let base = TimeBase(demuxer.streams[packet.streamIndex].pointee.time_base)
            let times = [packet.pointer.pointee.dts, packet.pointer.pointee.pts]
            if let time, let known = times.first(where: { $0 != cffmpeg_no_timestamp }).flatMap(base.time),
                known > time
            {
                ahead = packet
                return
            }
            try otherPacketHandler?(packet)
        }
    }

    private func nextUndecoded() throws -> Packet? {
        do throws(MediaError) {
            if let packet = try demuxer.readPacket() { return packet }
        } catch { damage += 1 }
        hasReachedEnd = true
        return nil
    }

    /// How far the streams of a file lie apart at most, in seconds, where they are interleaved.
    static let greatestInterleaving = Rational(10)

    /// Reads on without decoding until nothing follows that begins before a time.
    func passRemainingPackets(before end: Rational) throws {
        guard !hasReachedEnd else { return }
        while true {
            let packet: Packet
            do throws(MediaError) {
                guard let next = try demuxer.readPacket() else { break }
                packet = next
            } catch {
                damage += 1
                break
            }
            let times = [packet.pointer.pointee.dts, packet.pointer.pointee.pts]
            if let stream = demuxer.streams.indices.contains(packet.streamIndex)
                ? demuxer.streams[packet.streamIndex] : nil,
                let time = times.first(where: { $0 != cffmpeg_no_timestamp }).flatMap(
                    TimeBase(stream.pointee.time_base).time), time >= end + Self.greatestInterleaving
            {
                break
            }
            if packet.streamIndex != Int(stream.pointee.index) { try otherPacketHandler?(packet) }
        }
    }
}
