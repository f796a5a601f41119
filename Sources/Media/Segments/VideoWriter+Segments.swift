import CFFmpeg
import Timing

extension VideoWriter {
    /// Puts the segment in a file behind what is written, and beside it what the reader's other streams have until there.
    ///
    /// - Parameters:
    ///   - end: When the last frame ends, in seconds of the result.
    ///   - checkCancellation: Called before each packet; what it throws ends the work.
    public func append(
        _ segment: VideoSegment, in path: String, until end: Rational, from reader: VideoReader,
        checkCancellation: () throws -> Void = {}
    ) throws {
        let file = try PacketFileReader(path, subject: outputPath)
        let base = encoder.timeBase
        while let packet = try file.next() {
            try checkCancellation()
            order(packet)
            let pointer = packet.pointer.pointee
            let reached = base.time(pointer.dts)
            let shownUntil = base.time(pointer.pts &+ max(0, pointer.duration))
            // Theora repeats a frame by a packet without content, which is none to Ogg's demuxer.
            if pointer.size > 0 { joined.packets += 1 }
            try writePacket(packet)
            if let shownUntil { try sides.videoReached(max(joined.end, min(shownUntil, end))) }
            joined.end = max(joined.end, shownUntil.map { min($0, end) } ?? joined.end)
            if let reached { try reader.passOtherPackets(until: timing.input(reached)) }
        }
        try sides.videoReached(end)
        joined.end = end
        joined.dropped += segment.dropped
        joined.gaps += segment.gaps
    }

    /// Copies what is left of the reader's other streams; up to about a time, in seconds of the result, where they are cut
    /// there.
    public func finishOtherStreams(from reader: VideoReader, before end: Rational?) throws {
        // As far as a plain run reads on for packets that lie late in the file.
        let limit = end.map { timing.input($0) + PictureReader.greatestInterleaving }
        try reader.passOtherPackets(until: limit)
    }

    /// Ends the file after its last segment, counts its frames, and puts it under its name.
    ///
    /// - Parameter prepare: Called with the path of the whole file before it gets its name.
    /// - Throws: ``SegmentError/wrongCount(path:expected:got:)`` where the file has other frames than the segments.
    public func finishJoining(prepare: (String) throws -> Void) throws {
        guard let file else { return }
        try sides.finish()
        try muxer.finish()
        let got = try FrameCount.of(file.partialPath)
        guard got == joined.packets else {
            throw SegmentError.wrongCount(path: outputPath, expected: joined.packets, got: got)
        }
        try prepare(file.partialPath)
        try file.complete()
        try DurableFile.syncFolder(of: file.finalPath, subject: outputPath)
    }

    /// Moves a packet's decoding time behind the one before, where a segment's first ones reach back too far: each encoder
    /// counts it back from its own first frames, by a distance that differs with a variable frame rate.
    private func order(_ packet: Packet) {
        let pointer = packet.pointer
        guard pointer.pointee.dts != cffmpeg_no_timestamp else { return }
        if let last = joined.lastDecodingTime, pointer.pointee.dts <= last {
            pointer.pointee.dts = min(last + 1, pointer.pointee.pts)
        }
        joined.lastDecodingTime = pointer.pointee.dts
    }

    /// How far joining has come.
    struct Joined {
        var packets = 0
        var end = Rational.zero
        var (dropped, gaps) = (0, 0)
        /// In ticks of the encoder.
        var lastDecodingTime: Int64?
    }
}

/// Counts the frames of a file by its packets, without decoding.
enum FrameCount {
    static func of(_ path: String) throws(MediaError) -> Int {
        let demuxer = try Demuxer(path: path)
        guard let stream = demuxer.videoStream else { throw .noVideoStream(path: path) }
        var count = 0
        while let packet = try demuxer.readPacket() {
            if packet.streamIndex == Int(stream.pointee.index) { count += 1 }
        }
        return count
    }
}
