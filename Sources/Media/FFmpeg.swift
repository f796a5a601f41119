import CFFmpeg
import Foundation
import Synchronization

/// The thin layer over FFmpeg's C conventions: codes become errors, log lines are kept for them.
enum FFmpeg {
    static let endOfFile = cffmpeg_error_end_of_file
    static let again = cffmpeg_error_again

    /// Throws for a negative code.
    @discardableResult
    static func check(_ code: Int32, _ call: String, _ subject: String) throws(MediaError) -> Int32 {
        if code >= 0 { return code }
        throw .ffmpeg(call: call, code: code, subject: subject, detail: nil)
    }

    /// Runs a call and throws for a negative code, with what FFmpeg logged meanwhile: for calls whose code says little.
    static func explain(_ call: String, _ subject: String, _ body: () -> Int32) throws(MediaError) {
        FFmpegLog.begin()
        let code = body()
        if code < 0 {
            throw .ffmpeg(call: call, code: code, subject: subject, detail: FFmpegLog.takeError())
        }
    }

    /// Runs a call on what is written and throws for a negative code, with what FFmpeg logged about it, if it did.
    static func explainWriting(_ call: String, _ subject: String, _ body: () -> Int32) throws(MediaError)
        -> Int32
    {
        FFmpegLog.beginWriting()
        let code = body()
        if code >= 0 || code == again || code == endOfFile { return code }
        throw .ffmpeg(call: call, code: code, subject: subject, detail: FFmpegLog.takeWritingError())
    }

    /// Unwraps what an allocating function returned.
    static func allocated<T>(_ pointer: T?, _ call: String) throws(MediaError) -> T {
        guard let pointer else {
            throw .ffmpeg(call: call, code: cffmpeg_error(ENOMEM), subject: "FFmpeg", detail: nil)
        }
        return pointer
    }

    static func message(_ code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        av_strerror(code, &buffer, buffer.count)
        return buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    static func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }

    static func string(_ pointer: UnsafePointer<CChar>?) -> String? { pointer.map { String(cString: $0) } }

    static func codecName(_ id: AVCodecID) -> String { string(avcodec_get_name(id)) ?? "unknown" }

    static func mediaTypeName(_ type: AVMediaType) -> String {
        string(av_get_media_type_string(type)) ?? "unknown"
    }
}

/// FFmpeg's log: kept off standard error, its errors remembered for our own message.
public enum FFmpegLog {
    private static let firstError = Mutex<String?>(nil)
    /// Of those that belong to nothing that is read: reading goes on in another thread while frames are written.
    private static let writingError = Mutex<String?>(nil)

    /// What wrappers of x264 and x265 only warn of: parameters that the library does not take.
    private static let parameters = Mutex<String?>(nil)
    private static let parameterWarnings = ["Error parsing option", "Unknown option:", "Invalid value for"]

    /// Takes the log over for the whole process; once is enough.
    public static func capture() { _ = captured }

    private static let captured: Void = {
        // SVT-AV1 writes to standard error by itself, unless it is told not to.
        setenv("SVT_LOG", "0", 0)
        av_log_set_callback { context, level, format, arguments in
            guard level <= AV_LOG_WARNING, let format, let arguments else { return }
            var line = [CChar](repeating: 0, count: 1024)
            var printPrefix: Int32 = 0
            av_log_format_line2(context, level, format, arguments, &line, Int32(line.count), &printPrefix)
            let text = line.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
                .trimmingCharacters(in: .whitespacesAndNewlines)
            // The first line says what is wrong; those behind it say what else follows from that.
            if text.isEmpty { return }
            if level > AV_LOG_ERROR {
                let isOfParameter = FFmpegLog.parameterWarnings.contains { text.contains($0) }
                if isOfParameter { FFmpegLog.parameters.withLock { $0 = $0 ?? text } }
                return
            }
            let message = text.split(whereSeparator: \.isNewline).joined(separator: " ")
            if let owner = ReadErrors.owner(of: context) {
                owner.record(message)
            } else {
                FFmpegLog.writingError.withLock { $0 = $0 ?? message }
            }
            FFmpegLog.firstError.withLock { $0 = $0 ?? text }
        }
    }()

    /// Forgets what was logged about parameters of an encoder's library.
    static func beginParameters() { parameters.withLock { $0 = nil } }

    /// The first parameter that a library did not take since `beginParameters`, as FFmpeg says it.
    static func takeParameters() -> String? {
        parameters.withLock { line in
            defer { line = nil }
            return line
        }
    }

    /// Forgets what was logged about what is written.
    static func beginWriting() { writingError.withLock { $0 = nil } }

    /// The first error about what is written since `beginWriting`.
    static func takeWritingError() -> String? {
        writingError.withLock { line in
            defer { line = nil }
            return line
        }
    }

    /// Forgets errors that earlier calls have logged.
    static func begin() { firstError.withLock { $0 = nil } }

    /// The first error since `begin` or the last call, on one line, without a sentence that only announces further lines.
    static func takeError() -> String? {
        firstError.withLock { line in
            defer { line = nil }
            guard let text = line?.split(whereSeparator: \.isNewline).joined(separator: " ") else {
                return nil
            }
            guard text.hasSuffix(":"), let end = text.range(of: ". ", options: .backwards) else {
                return text
            }
            return String(text[..<end.lowerBound])
        }
    }
}
