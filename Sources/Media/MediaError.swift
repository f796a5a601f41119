import CFFmpeg

/// What can go wrong between a file and its frames. Every description is one line that begins with what it is about.
public enum MediaError: Error, Sendable {
    /// FFmpeg failed: the function, its code, what it worked on, and what it logged last.
    case ffmpeg(call: String, code: Int32, subject: String, detail: String?)
    /// A system call failed.
    case system(call: String, code: Int32, path: String)
    case noVideoStream(path: String)
    case nothingDecodes(path: String)
    case emptySequence(path: String, reason: String)
    case unknownContainer(path: String)
    case unknownCodec(name: String, kind: String)
    case unknownPixelFormat(name: String)
    case unsupportedPixelFormat(name: String, by: String, supported: [String])
    case unknownEncoderOption(name: String, encoder: String)
    case invalidEncoderOption(name: String, value: String, encoder: String)
    case codecNotInContainer(codec: String, container: String)
    case unsupportedConversion(from: String, to: String)
    case outputIsInput(path: String)
    case outputIsFolder(path: String)
    case outputIsNoFolder(path: String)
    case outputExists(path: String)
    case outputFolderMissing(path: String)
    case outputNotWritable(path: String, code: Int32)

    /// Whether the command line or an input is at fault, as opposed to something that failed on the way.
    public var isUsageError: Bool {
        switch self {
        case .ffmpeg(let call, _, _, _): call == "avformat_open_input" || call == "avcodec_open2"
        case .system(let call, _, _): call == "open input"
        case .unsupportedConversion: false
        default: true
        }
    }
}

extension MediaError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .ffmpeg("avformat_open_input", let code, let subject, _):
            "\(subject): cannot be opened: \(FFmpeg.message(code))"
        case .ffmpeg("avcodec_open2", let code, let subject, let detail):
            "\(subject) cannot be set up: \(detail ?? FFmpeg.message(code))"
        case .ffmpeg(let call, let code, let subject, let detail):
            "\(subject): \(FFmpeg.message(code)) in \(call)" + (detail.map { ": \($0)" } ?? "")
        case .system("open input", let code, let path):
            "\(path): cannot be opened: \(FFmpeg.systemMessage(code))"
        case .system(let call, let code, let path): "\(path): cannot \(call): \(FFmpeg.systemMessage(code))"
        case .noVideoStream(let path): "\(path): has no video stream"
        case .nothingDecodes(let path): "\(path): nothing in it could be decoded"
        case .emptySequence(let path, let reason): "\(path): \(reason)"
        case .unknownContainer(let path):
            "\(path): the ending names no container that FFmpeg writes; try .mp4, .mkv or .mov"
        case .unknownCodec(let name, let kind):
            "no \(kind) is called '\(name)'; 'ffmpeg -encoders' lists them"
        case .unknownPixelFormat(let name): "no pixel format is called '\(name)'"
        case .unsupportedPixelFormat(let name, let encoder, let supported):
            "encoder \(encoder) does not take pixel format \(name); it takes "
                + supported.prefix(12).joined(separator: ", ") + (supported.count > 12 ? ", …" : "")
        case .unknownEncoderOption(let name, let encoder): "encoder \(encoder) has no option '\(name)'"
        case .invalidEncoderOption(let name, let value, let encoder):
            "encoder \(encoder) does not take '\(value)' for option '\(name)'"
        case .codecNotInContainer(let codec, let container):
            "container \(container) cannot hold video of codec \(codec)"
        case .unsupportedConversion(let from, let to): "pixel format \(from) cannot be converted to \(to)"
        case .outputIsInput(let path): "\(path): the output would replace an input"
        case .outputIsFolder(let path):
            "\(path): is a folder; add '/' at the end to write numbered images into it"
        case .outputIsNoFolder(let path): "\(path): a file of that name exists, so it cannot be a folder"
        case .outputExists(let path): "\(path): exists already"
        case .outputFolderMissing(let path): "\(path): the folder does not exist"
        case .outputNotWritable(let path, let code):
            "\(path): cannot be written: \(FFmpeg.systemMessage(code))"
        }
    }
}
