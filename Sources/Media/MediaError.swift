import CFFmpeg
import Timing

/// What can go wrong between a file and its frames. Every description is one line that begins with what it is about.
public enum MediaError: Error, Sendable {
    /// FFmpeg failed: the function, its code, what it worked on, and what it logged last.
    case ffmpeg(call: String, code: Int32, subject: String, detail: String?)
    /// A system call failed.
    case system(call: String, code: Int32, path: String)
    case emptyFile(path: String)
    case noVideoStream(path: String)
    case nothingDecodes(path: String)
    case pictureTooLarge(path: String, width: Int, height: Int, greatestPixels: Int)
    case emptySequence(path: String, reason: String)
    case unknownContainer(path: String)
    case unknownOutputFormat(name: String)
    case unknownInputFormat(name: String)
    /// An input's size, rate or pixel format was stated that its format has no need of.
    case inputOptionUnused(name: String, path: String, format: String)
    /// The container goes back to what it has written, which a pipe does not allow.
    case containerNeedsFile(container: String)
    case unknownImageFormat(path: String)
    case unknownCodec(name: String, kind: String)
    case unknownPixelFormat(name: String)
    case unsupportedPixelFormat(name: String, by: String, supported: [String])
    case unknownEncoderOption(name: String, encoder: String)
    /// `accepted` says in words what it takes, where that is known.
    case invalidEncoderOption(name: String, value: String, encoder: String, accepted: String?)
    /// A list of the library's own parameters holds one that it does not take; in FFmpeg's words.
    case invalidEncoderParameters(encoder: String, reason: String)
    /// This build of FFmpeg has no encoder for the only codecs that the container holds.
    case noEncoder(codec: String)
    /// Its stream cannot be made in parts.
    case notInSegments(encoder: String)
    case pictureTooSmall(width: Int, height: Int, encoder: String)
    case codecNotInContainer(codec: String, container: String, reason: String?)
    case noVideoInContainer(path: String, container: String)
    case notOneFile(path: String, container: String)
    case unsupportedConversion(from: String, to: String)
    case unknownColourTag(name: String)
    case noPicture(width: Int, height: Int, pixelFormat: String)
    case wrongByteCount(expected: Int, got: Int)
    /// The encoder or the container has swallowed frames, or made some up.
    case wrongFrameCount(path: String, expected: Int, got: Int)
    case outputIsInput(path: String)
    case outputIsFolder(path: String)
    case outputIsNoFolder(path: String)
    case outputExists(path: String)
    /// Numbered images would mix with others that are there.
    case outputHoldsImages(path: String, example: String)
    case outputFolderMissing(path: String)
    case outputNotWritable(path: String, code: Int32)

    /// Whether the command line or an input is at fault, as opposed to something that failed on the way.
    public var isUsageError: Bool {
        switch self {
        case .ffmpeg("avformat_open_input", let code, _, _), .ffmpeg("avcodec_open2", let code, _, _),
            .ffmpeg("avformat_write_header", let code, _, _):
            !Self.isShortage(-code)
        case .ffmpeg, .unsupportedConversion, .wrongFrameCount: false
        case .system(let call, let code, _): call == "open input" && !Self.isShortage(code)
        case .outputNotWritable(_, let code): !Self.isShortage(code)
        default: true
        }
    }

    /// Whether whoever read from standard output has stopped.
    public var isClosedPipe: Bool {
        guard case .ffmpeg(_, let code, let subject, _) = self else { return false }
        return subject == StandardStream.output && code == cffmpeg_error(EPIPE)
    }

    /// Whether an `errno` means that the machine lacks something, whatever is asked of it.
    private static func isShortage(_ code: Int32) -> Bool {
        [ENOMEM, ENOSPC, EDQUOT, EIO, EMFILE, ENFILE, EFBIG].contains(code)
    }
}

extension MediaError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .ffmpeg("avformat_open_input", cffmpeg_error_invalid_data, let subject, let detail):
            "\(subject): cannot be opened: it is no video or image that FFmpeg can read"
                + (detail.map { ": \($0)" } ?? "")
        case .ffmpeg("avformat_open_input", let code, let subject, _):
            "\(subject): cannot be opened: \(FFmpeg.message(code))"
        case .ffmpeg("avcodec_open2", let code, let subject, let detail):
            "\(subject) cannot be set up: \(detail ?? FFmpeg.message(code))"
        case .ffmpeg("avformat_write_header", let code, let subject, let detail):
            "\(subject): cannot be begun: \(detail ?? FFmpeg.message(code))"
        case .ffmpeg("av_interleaved_write_frame", let code, let subject, let detail),
            .ffmpeg("av_write_trailer", let code, let subject, let detail),
            .ffmpeg("avio_open", let code, let subject, let detail),
            .ffmpeg("avio_closep", let code, let subject, let detail):
            "\(subject): cannot be written: \(FFmpeg.message(code))" + (detail.map { ": \($0)" } ?? "")
        case .ffmpeg("avcodec_send_frame", let code, let subject, let detail),
            .ffmpeg("avcodec_receive_packet", let code, let subject, let detail):
            "\(subject) failed: \(FFmpeg.message(code))" + (detail.map { ": \($0)" } ?? "")
        case .ffmpeg(let call, let code, let subject, let detail):
            "\(subject): \(FFmpeg.message(code)) in \(call)" + (detail.map { ": \($0)" } ?? "")
        case .system("open input", let code, let path):
            "\(path): cannot be opened: \(FFmpeg.systemMessage(code))"
        case .system(let call, let code, let path): "\(path): cannot \(call): \(FFmpeg.systemMessage(code))"
        case .emptyFile(let path): "\(path): cannot be opened: it is empty"
        case .noVideoStream(let path): "\(path): has no video stream"
        case .nothingDecodes(let path): "\(path): nothing in it could be decoded"
        case .pictureTooLarge(let path, let width, let height, let greatest):
            "\(path): its pictures are of \(width)x\(height), and at most \(greatest) pixels are taken"
        case .emptySequence(let path, let reason): "\(path): \(reason)"
        case .unknownContainer(let path):
            "'\(path)': the ending names no container that FFmpeg writes; try .mp4, .mkv or .mov"
        case .unknownOutputFormat(let name):
            "no output format is called '\(name)'; 'ffmpeg -muxers' lists them"
        case .unknownInputFormat(let name):
            "no input format is called '\(name)'; 'ffmpeg -demuxers' lists them"
        case .inputOptionUnused(let name, let path, let format):
            "\(path): format \(format) takes no \(name == "framerate" ? "frame rate" : name.replacing("_", with: " ")): it states its own"
        case .containerNeedsFile(let container):
            "container \(container) cannot be written to a pipe; try matroska, nut or yuv4mpegpipe"
        case .unknownImageFormat(let path):
            "'\(path)': the ending names no image format that FFmpeg writes; try .png, .tif or .jpg"
        case .unknownCodec(let name, let kind):
            "no \(kind) is called '\(name)'; 'ffmpeg -encoders' lists them"
        case .unknownPixelFormat(let name): "no pixel format is called '\(name)'"
        case .unsupportedPixelFormat(let name, let encoder, let supported):
            "encoder \(encoder) does not take pixel format \(name); it takes "
                + supported.prefix(12).joined(separator: ", ") + (supported.count > 12 ? ", …" : "")
        case .unknownEncoderOption(let name, let encoder): "encoder \(encoder) has no option '\(name)'"
        case .invalidEncoderOption(let name, let value, let encoder, let accepted):
            "encoder \(encoder) does not take '\(value)' for option '\(name)'"
                + (accepted.map { "; it takes \($0)" } ?? "")
        case .invalidEncoderParameters(let encoder, let reason):
            "encoder \(encoder) does not take all of its parameters: \(reason.hasSuffix(".") ? String(reason.dropLast()) : reason)"
        case .noEncoder(let codec): "this build of FFmpeg has no encoder for \(codec)"
        case .notInSegments(let encoder):
            "what encoder \(encoder) makes cannot be put together from segments; try another container, such as .mkv"
        case .pictureTooSmall(let width, let height, let encoder):
            "encoder \(encoder) takes no pictures as small as \(width)x\(height)"
        case .codecNotInContainer(let codec, let container, let reason):
            "container \(container) cannot hold video of codec \(codec)" + (reason.map { ": \($0)" } ?? "")
        case .noVideoInContainer(let path, let container):
            "\(path): container \(container) holds no video; try .mp4, .mkv or .mov"
        case .notOneFile(let path, "image2"):
            "\(path): names an image, but the input has many; name a video, or a pattern such as 'out/%08d.png'"
        case .notOneFile(let path, let container):
            "\(path): container \(container) is made of several files, which are not supported; try .mp4 or .mkv"
        case .unsupportedConversion(let from, let to): "pixel format \(from) cannot be converted to \(to)"
        case .unknownColourTag(let name): "no colour tag is called '\(name)'"
        case .noPicture(let width, let height, let pixelFormat):
            "there is no picture of \(width)x\(height) in pixel format \(pixelFormat)"
        case .wrongByteCount(let expected, let got): "the picture has \(expected) bytes, not \(got)"
        case .wrongFrameCount(let path, let expected, let got):
            "\(path): \(counted(got, "frame")) \(got == 1 ? "was" : "were") written, and there should be \(expected)"
        case .outputIsInput(let path): "\(path): the output would replace an input"
        case .outputIsFolder(let path):
            "\(path): is a folder; add '/' at the end to write numbered images into it"
        case .outputIsNoFolder(let path): "\(path): a file of that name exists, so it cannot be a folder"
        case .outputExists(let path): "\(path): exists already"
        case .outputHoldsImages(let path, let example):
            "\(path): holds images already, such as \(example); name an empty place, or leave out --no-overwrite"
        case .outputFolderMissing(let path): "\(path): the folder does not exist"
        case .outputNotWritable(let path, let code):
            "\(path): cannot be written: \(FFmpeg.systemMessage(code))"
        }
    }
}
