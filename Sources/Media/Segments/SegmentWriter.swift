import CFFmpeg
import Foundation
import Timing

/// Encodes a video in segments, each by an encoder of its own, so that it begins with a key frame and depends on nothing
/// before it.
///
/// Sendable without checks: one thread writes.
public final class SegmentWriter: @unchecked Sendable {
    private let muxer: Muxer
    private let makeEncoder: () throws(MediaError) -> VideoEncoder
    private var encoder: VideoEncoder?
    private var file: (writer: PacketFileWriter, path: String)?
    private let output: String

    /// What all segments have in common: the same text means that they can be joined.
    public let signature: String

    /// The first packets of animated images hold the file's header, or count on from the one before; and for YUV4MPEG
    /// FFmpeg hands pictures on in memory.
    private static let unsuitable = [
        AV_CODEC_ID_GIF, AV_CODEC_ID_APNG, AV_CODEC_ID_WEBP, AV_CODEC_ID_WRAPPED_AVFRAME,
    ]

    /// Takes what ``VideoWriter`` takes, and chooses what that chooses.
    public init(
        like output: String, of reader: VideoReader, first frame: VideoFrame, rate: Rational,
        isConstantRate: Bool = false, timeBase: Rational, settings: EncoderSettings
    ) throws {
        self.output = output
        let muxer = try Muxer(path: output, format: settings.container)
        self.muxer = muxer
        let ratio = reader.video.sampleAspectRatio
        makeEncoder = { () throws(MediaError) in
            var notes: [String] = []
            return try VideoWriter.encoder(
                muxer, frame, rate: rate, isConstantRate: isConstantRate, timeBase: timeBase,
                sampleAspectRatio: ratio, settings, &notes)
        }
        let encoder = try makeEncoder()
        let codec = encoder.context.pointee.codec.pointee
        if Self.unsuitable.contains(codec.id) {
            throw MediaError.notInSegments(encoder: FFmpeg.string(codec.name) ?? "?")
        }
        signature = encoder.signature
        self.encoder = encoder
    }

    /// Begins a segment in a new file.
    ///
    /// - Parameter last: The time of the frame before it, as ``VideoSegment/lastTimestamp`` tells; nil for none.
    public func begin(_ path: String, after last: Int64?) throws {
        let encoder = try self.encoder ?? makeEncoder()
        encoder.follow(last)
        self.encoder = encoder
        file = (try PacketFileWriter(path + ".partial", subject: output), path)
    }

    /// Encodes a frame of the segment that was begun.
    public func write(_ frame: VideoFrame, at time: Rational, duration: Rational) throws {
        guard let encoder, let file else { return }
        try encoder.encode(frame, at: time, duration: duration, file.writer.write)
    }

    /// Writes what is still held; then the segment is on the disk, whatever happens.
    public func end() throws -> VideoSegment? {
        guard let encoder, let file else { return nil }
        try encoder.finish(file.writer.write)
        guard encoder.passedOn == encoder.taken else {
            throw MediaError.wrongFrameCount(path: output, expected: encoder.taken, got: encoder.passedOn)
        }
        try file.writer.close()
        try DurableFile.move(file.path + ".partial", to: file.path, subject: output)
        (self.encoder, self.file) = (nil, nil)
        return VideoSegment(
            packets: file.writer.packets, bytes: file.writer.bytes, checksum: file.writer.checksum,
            lastTimestamp: encoder.lastTimestamp, dropped: encoder.dropped, gaps: encoder.gaps)
    }
}

extension VideoEncoder {
    /// Codec, size, format, time base and header in one line.
    fileprivate var signature: String {
        let own = context.pointee
        let header = UnsafeRawBufferPointer(start: own.extradata, count: Int(own.extradata_size))
        return [
            FFmpeg.string(own.codec.pointee.name) ?? "?", "\(own.width)x\(own.height)", own.pix_fmt.name,
            "\(timeBase.seconds)", header.map { String(format: "%02x", $0) }.joined(),
        ].joined(separator: " ")
    }
}
