import CFFmpeg
import Timing

/// Reads the pictures of a video, a folder or pattern of images, or one image, in the order they are shown.
///
/// Sendable without checks: one thread at a time reads, and the rest is constant.
public final class VideoReader: @unchecked Sendable {
    /// Frames per second of images, which have no times of their own; FFmpeg takes the same.
    public static let imageRate = Rational(25)

    /// The input, as messages name it.
    public let path: String
    /// Whether the input is a folder or a pattern of images.
    public let isSequence: Bool
    /// Whether the input is a file of one image.
    public var isSingleImage: Bool {
        guard let demuxer = file?.demuxer, !demuxer.isLive else { return false }
        let format = FFmpeg.string(demuxer.context.pointee.iformat.pointee.name) ?? ""
        return format == "image2" || format.hasSuffix("_pipe")
    }
    /// What is known of the video before it is decoded, and from its first frame.
    public let video: VideoDescription

    private let file: PictureReader?
    private let deinterlacer: Deinterlacer?
    private var hasDecodedAll = false
    private var remainingImages: ArraySlice<String>
    private let normalizer = FrameNormalizer()
    private let settings: InputSettings
    private var pending: VideoFrame?
    /// The frame before: when it is shown, and when its stream says so.
    private var previous: (time: Rational, duration: Rational, stated: Rational)?
    private var grid: FrameGrid?
    private var repaired = 0
    private var unreadable = 0
    private var framesRead = 0
    private var heldPackets: [Packet] = []
    private let sequenceNotes: [String]
    private var fieldNoteAtOpening: String?

    /// Opens the input, `-` for standard input, and decodes its first picture. Throws where there is none.
    public init(path: String, settings: InputSettings = InputSettings()) throws {
        let isStandardInput = path == StandardStream.path
        self.settings = settings
        self.path = isStandardInput ? StandardStream.input : path
        if !isStandardInput, let sequence = try ImageSequence(path: path) {
            isSequence = true
            file = nil
            deinterlacer = nil
            sequenceNotes = sequence.notes
            remainingImages = sequence.paths[...]
            video = VideoDescription(
                frameCount: sequence.paths.count, rate: settings.frameRate ?? Self.imageRate)
        } else {
            let file = try PictureReader(path: path, settings: settings)
            isSequence = false
            self.file = file
            deinterlacer = settings.deinterlaces ? Deinterlacer(file.stream) : nil
            sequenceNotes = []
            remainingImages = []
            grid = FrameGrid(of: file)
            video = VideoDescription(file, grid)
        }
        // Packets of other streams lie before the first picture, and have no place to go yet.
        file?.otherPacketHandler = { [unowned self] packet in heldPackets.append(packet) }
        guard let first = try read() else { throw MediaError.nothingDecodes(path: self.path) }
        pending = first
        video.complete(with: first)
        fieldNoteAtOpening = fieldNote
    }

    /// The next picture; its time is later than all before. nil at the end.
    public func nextFrame() throws -> VideoFrame? {
        if let first = pending {
            pending = nil
            return first
        }
        return try read()
    }

    /// The first picture, as long as it has not been read.
    public var firstFrame: VideoFrame? { pending }

    /// Of `notes`, those that are known before the first frame is read.
    public var openingNotes: [String] {
        sequenceNotes + (fieldNoteAtOpening.map { [$0] } ?? [])
    }

    /// What became of pictures of two fields; nil where there were none.
    private var fieldNote: String? {
        guard let file else { return nil }
        if let deinterlacer, deinterlacer.isActive {
            if let refusal = deinterlacer.refusal {
                return "\(path): is interlaced, and combed frames are interpolated as they are: \(refusal)"
            }
            return "\(path): is interlaced; each frame is deinterlaced by bwdif"
        }
        if deinterlacer == nil, cffmpeg_is_interlaced(file.stream.pointee.codecpar) {
            return "\(path): is interlaced, and combed frames are interpolated as they are"
        }
        return nil
    }

    /// What the demuxer and the decoder could not use, in one sentence; nil for a sound file.
    private var damage: String? {
        guard let file, file.damage > 0 || file.demuxer.errors.count > 0 else { return nil }
        let reason = file.demuxer.errors.first.map { " (\($0))" } ?? ""
        // Containers that count their frames tell what is missing.
        let declared = Int(file.stream.pointee.nb_frames)
        let counts = [
            declared > framesRead ? "\(framesRead) of \(counted(declared, "frame"))" : nil,
            file.damage > 0 ? "\(counted(file.damage, "packet")) could not be decoded" : nil,
            file.concealed > 0 ? "\(counted(file.concealed, "frame")) in part only" : nil,
        ].compactMap(\.self)
        let share = counts.isEmpty ? "" : ": " + counts.joined(separator: ", ")
        return "\(path): is damaged\(reason); what could be decoded is used\(share)"
    }

    /// What a user should know about the input; complete once the end was reached.
    public var notes: [String] {
        var notes = openingNotes
        if fieldNoteAtOpening == nil, let fieldNote { notes.append(fieldNote) }
        if let damage { notes.append(damage) }
        if unreadable > 0 {
            notes.append("\(path): images that could not be read and are passed over: \(unreadable)")
        }
        if repaired > 0 {
            notes.append(
                "\(path): \(counted(repaired, "frame")) had no usable time and \(repaired == 1 ? "was" : "were") put behind the one before"
            )
        }
        if normalizer.changed > 0 {
            notes.append(
                "\(path): the size changes midway; frames scaled to the first size: \(normalizer.changed)"
            )
        }
        return notes
    }

    /// The file whose other streams can be copied; nil for images.
    var container: Demuxer? { isSequence ? nil : file?.demuxer }
    var videoStreamIndex: Int? { file.map { Int($0.stream.pointee.index) } }
    var videoStream: UnsafeMutablePointer<AVStream>? { file?.stream }

    /// Sends the packets of all other streams to `handler`, from the file's beginning, as reading goes on.
    func passOtherPackets(to handler: @escaping (Packet) throws -> Void) throws {
        for packet in heldPackets { try handler(packet) }
        heldPackets = []
        file?.otherPacketHandler = handler
    }

    /// Sends packets of other streams on that begin before a time, after reading has stopped before the end.
    public func passRemainingPackets(before end: Rational) throws {
        try file?.passRemainingPackets(before: end)
    }

    /// Sends packets of other streams on, without decoding anything, up to the first one that lies behind a time; to the end
    /// without one. For what is read beside a video that comes from elsewhere.
    public func passOtherPackets(until time: Rational?) throws {
        try file?.passOtherPackets(until: time)
    }

    private func read() throws -> VideoFrame? {
        while true {
            guard let frame = try file == nil ? nextImage() : nextPicture() else { return nil }
            let normalized = try normalizer.normalize(frame)
            setTime(of: normalized, from: frame)
            framesRead += 1
            return normalized
        }
    }

    /// The file's next picture, whole.
    private func nextPicture() throws -> VideoFrame? {
        guard let deinterlacer else { return try file?.next() }
        while true {
            if let frame = deinterlacer.take() { return frame }
            if hasDecodedAll { return nil }
            if let frame = try file?.next() {
                try deinterlacer.put(frame)
            } else {
                hasDecodedAll = true
                try deinterlacer.finish()
            }
        }
    }

    private func nextImage() throws -> VideoFrame? {
        while let path = remainingImages.popFirst() {
            let reader: PictureReader
            do {
                reader = try PictureReader(
                    path: path, settings: InputSettings(greatestPixels: settings.greatestPixels))
            } catch {
                unreadable += 1
                continue
            }
            if let frame = try reader.next() { return frame }
            unreadable += 1
        }
        return nil
    }

    /// A frame that is shown a day behind the one before has a damaged time.
    private static let greatestGap = Rational(86_400)

    /// Gives the frame its time: the stream's own where that is usable, or the instant that it was rounded from; otherwise
    /// right behind the frame before.
    private func setTime(of frame: VideoFrame, from decoded: VideoFrame) {
        guard let file, !isSequence else {
            frame.time = previous.map { $0.time + $0.duration } ?? .zero
            frame.duration = (video.frameRate ?? Self.imageRate).reciprocal
            previous = (frame.time, frame.duration, frame.time)
            return
        }
        let base = file.timeBase
        // In whole ticks, as all times of the stream are.
        let nominal = (video.frameRate ?? Self.imageRate).reciprocal
        let nominalDuration = Rational(max(1, base.ticks(nominal))) * base.seconds
        let stated = base.time(cffmpeg_frame_duration(decoded.pointer)).flatMap {
            $0 > .zero && $0 <= Self.greatestGap ? $0 : nil
        }
        var time = base.time(decoded.pointer.pointee.best_effort_timestamp)
        if let previous {
            if let known = time, known > previous.stated, known - previous.stated <= Self.greatestGap {
                time = known
            } else {
                repaired += 1
                let back = time.map { previous.stated - $0 }
                // A time that only just repeats is moved by the least, so that those behind it keep theirs.
                let isRepeat = back.map { $0 >= .zero && $0 <= nominalDuration } ?? false
                time = previous.stated + (isRepeat ? base.seconds : previous.duration)
            }
        }
        let known = time ?? video.start ?? .zero
        if let instant = grid?.instant(known) {
            frame.time = instant
            frame.duration = grid?.duration(stated) ?? stated ?? nominalDuration
        } else {
            // The one before may have been put back to an instant within a tick behind its own time.
            frame.time = previous.map { known > $0.time ? known : $0.time + base.seconds } ?? known
            // Without a duration of its own a frame lasts as long as the one before did.
            frame.duration = stated ?? previous.map { frame.time - $0.time } ?? nominalDuration
        }
        previous = (frame.time, frame.duration, known)
    }
}
