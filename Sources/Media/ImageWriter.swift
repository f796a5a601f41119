import CFFmpeg
import Foundation

/// Writes single images in the format that the name's ending says: PNG, TIFF, JPEG, and whatever else FFmpeg encodes.
public final class ImageWriter {
    private let codec: UnsafePointer<AVCodec>
    private let settings: EncoderSettings
    private let overwrite: Bool
    private let inputs: [String]
    /// Conversions that a user should know of.
    public private(set) var notes: [String] = []

    /// A writer for files with the ending of `path`.
    public init(like path: String, settings: EncoderSettings, overwrite: Bool, inputs: [String]) throws {
        FFmpegLog.capture()
        guard let id = Self.codec(for: path) else { throw MediaError.unknownImageFormat(path: path) }
        if let name = settings.codec {
            codec = try EncoderChoice.named(name)
            guard codec.pointee.id == id else {
                throw MediaError.codecNotInContainer(
                    codec: FFmpeg.codecName(codec.pointee.id), container: ".\(Self.ending(of: path) ?? "")",
                    reason: nil)
            }
        } else if let found = avcodec_find_encoder(id) {
            codec = found
        } else {
            throw MediaError.unknownImageFormat(path: path)
        }
        self.settings = settings
        self.overwrite = overwrite
        self.inputs = inputs
    }

    /// The codec of images with the ending of `path`; nil where it is no image's.
    static func codec(for path: String) -> AVCodecID? {
        guard let format = av_guess_format("image2", nil, nil), let ending = ending(of: path) else {
            return nil
        }
        let id = av_guess_codec(format, nil, path, nil, AVMEDIA_TYPE_VIDEO)
        // The guess falls back to JPEG for endings it does not know.
        let isFallback = id == AV_CODEC_ID_MJPEG && !["jpg", "jpeg"].contains(ending)
        return id == AV_CODEC_ID_NONE || isFallback ? nil : id
    }

    /// Whether the name's ending is that of an image.
    public static func isImage(_ path: String) -> Bool { codec(for: path) != nil }

    private static func ending(of path: String) -> String? {
        path.split(separator: "/").last?.split(separator: ".").dropFirst().last?.lowercased()
    }

    /// Throws when `path` cannot be written, before any work is done.
    public func check(_ path: String) throws {
        try PartialFile.check(path, overwrite: overwrite, inputs: inputs)
    }

    var encoderName: String { FFmpeg.string(codec.pointee.name) ?? "?" }
    var codecName: String { FFmpeg.codecName(codec.pointee.id) }

    func encoder(for frame: VideoFrame) throws(MediaError) -> VideoEncoder {
        try VideoEncoder(
            codec,
            VideoEncoder.Source(
                first: frame, timeBase: TimeBase(VideoReader.imageRate.reciprocal),
                frameRate: VideoReader.imageRate,
                sampleAspectRatio: frame.pointer.pointee.sample_aspect_ratio, needsGlobalHeader: false,
                allowsReordering: false), settings)
    }

    /// An image in the folder of `path` that is neither that nor one of `others`; nil where there is none.
    public static func neighbour(of path: String, besides others: [String]) throws -> String? {
        func place(_ path: String) -> URL { URL(fileURLWithPath: path).standardizedFileURL }
        let known = (others + [path]).map { place($0).resolvingSymlinksInPath().path }
        let folder = place(path).deletingLastPathComponent()
        return try ImageSequence.images(in: folder.path).sorted().first {
            !known.contains(folder.appendingPathComponent($0).resolvingSymlinksInPath().path)
        }
    }

    /// Encodes a frame and puts the file under its name once it is whole.
    public func write(_ frame: VideoFrame, to path: String) throws {
        let file = try PartialFile(path, overwrite: overwrite, inputs: inputs)
        let encoder = try encoder(for: frame)
        if notes.isEmpty { notes = encoder.notes }
        var bytes = Data()
        let keep = { (packet: Packet) in
            bytes.append(packet.pointer.pointee.data, count: Int(packet.pointer.pointee.size))
        }
        try encoder.encode(frame, at: .zero, duration: VideoReader.imageRate.reciprocal, keep)
        try encoder.finish(keep)
        guard encoder.passedOn == 1 else {
            throw MediaError.wrongFrameCount(path: path, expected: 1, got: encoder.passedOn)
        }
        try file.write(bytes)
        try file.complete()
    }
}

/// Writes numbered images: to a pattern such as `out.%05d.png`, or into a folder as `00000001.png` and so on.
public final class ImageSequenceWriter {
    private let pattern: NumberPattern
    let writer: ImageWriter
    private let folder: String
    private var madeFolder = false
    private var written = 0

    /// Whether a path means a sequence: it ends in `/` or holds a number's mark. What looks like one in the name of a video,
    /// as in `100%done.mp4`, is none.
    public static func isSequence(_ path: String) -> Bool {
        if path.hasSuffix("/") { return true }
        guard NumberPattern(path) != nil else { return false }
        guard let format = av_guess_format(nil, path, nil), Container.isForVideo(format) else { return true }
        // These hold one picture as often as many, and a number in their name means one in each.
        let isPicture = ["image2", "gif", "apng", "webp", "avif"].contains(Container.name(of: format))
        return isPicture || ImageWriter.codec(for: path) != nil
    }

    /// Makes the folder where it does not exist. Throws when images of the input could be replaced.
    public convenience init(path: String, input: String, settings: EncoderSettings, overwrite: Bool) throws {
        try self.init(path: path, input: input, settings: settings, overwrite: overwrite, folder: .make)
    }

    /// What is done about a folder that is not there.
    enum MissingFolder {
        case make
        /// Only checked that it could be made.
        case check
        /// It will be there, with those around it.
        case accept
    }

    init(
        path: String, input: String, settings: EncoderSettings, overwrite: Bool, folder missing: MissingFolder
    )
        throws
    {
        let target = path.hasSuffix("/") ? path + "%08d.png" : path
        guard let pattern = NumberPattern(target) else { throw MediaError.unknownContainer(path: path) }
        self.pattern = pattern
        folder = pattern.folder.isEmpty ? "." : pattern.folder
        writer = try ImageWriter(like: target, settings: settings, overwrite: overwrite, inputs: [])
        if input != StandardStream.path, let inputs = try ImageSequence(path: input)?.paths,
            mayReplace(inputs, of: input, to: path)
        {
            throw MediaError.outputIsInput(path: path)
        }
        if !overwrite { try Self.checkThatNoneAreThere(path, pattern, folder) }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) {
            guard isFolder.boolValue else { throw MediaError.outputIsNoFolder(path: folder) }
        } else if missing == .check {
            try PartialFile.checkFolder(of: folder)
        } else if missing == .accept {
            return
        } else if mkdir(folder, 0o777) == 0 {
            madeFolder = true
        } else {
            throw MediaError.outputNotWritable(path: folder, code: errno)
        }
    }

    deinit {
        // A folder that was made for images that did not come is not left behind.
        if madeFolder, written == 0 { rmdir(folder) }
    }

    /// Throws where new images would mix with others: any in a folder, those that the pattern names elsewhere.
    private static func checkThatNoneAreThere(_ path: String, _ pattern: NumberPattern, _ folder: String)
        throws(MediaError)
    {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue
        else { return }
        let others =
            path.hasSuffix("/")
            ? try ImageSequence.images(in: folder)
            : try ImageSequence.names(in: folder).filter { pattern.number(in: $0) != nil }
        if let first = others.min() { throw .outputHoldsImages(path: path, example: first) }
    }

    /// Whether images could be written over those of the input, which are read at the same time, or among those of a
    /// folder, where the next run would read them.
    private func mayReplace(_ inputs: [String], of input: String, to path: String) -> Bool {
        let source = URL(fileURLWithPath: inputs[0]).deletingLastPathComponent().resolvingSymlinksInPath()
        guard source.path == URL(fileURLWithPath: folder).resolvingSymlinksInPath().path else { return false }
        return NumberPattern(input) == nil || path.hasSuffix("/")
            || inputs.contains { pattern.number(in: URL(fileURLWithPath: $0).lastPathComponent) != nil }
    }

    /// Writes the next image; numbers begin with 1.
    public func write(_ frame: VideoFrame) throws {
        try writer.write(frame, to: pattern.path(written + 1))
        written += 1
    }

    /// Throws where there are fewer or more images than there should be.
    public func finish(expecting expected: Int) throws {
        guard written == expected else {
            throw MediaError.wrongFrameCount(path: folder, expected: expected, got: written)
        }
    }

    /// What a user should know, once all is written.
    public var notes: [String] {
        guard access(pattern.path(written + 1), F_OK) == 0 else { return writer.notes }
        return writer.notes + [
            "\(pattern.path(written + 1)): this image and those behind it are older than this run"
        ]
    }
}
