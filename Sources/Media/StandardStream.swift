import CFFmpeg
import Foundation

/// Standard input and output as files, which are named `-`.
public enum StandardStream {
    public static let path = "-"

    /// How messages name it.
    static let input = "standard input"
    static let output = "standard output"

    /// What FFmpeg opens for standard input. A file that was redirected to it can be sought in, as some containers need.
    static var inputURL: String {
        var information = stat()
        let isFile = fstat(STDIN_FILENO, &information) == 0 && information.st_mode & S_IFMT == S_IFREG
        return isFile ? "file:/dev/stdin" : "pipe:\(STDIN_FILENO)"
    }

    static var outputURL: String { "pipe:\(STDOUT_FILENO)" }
}

/// Names that people know formats by, and FFmpeg's own.
enum FormatName {
    private static let known = [
        "y4m": "yuv4mpegpipe", "yuv4mpeg": "yuv4mpegpipe", "mkv": "matroska", "raw": "rawvideo",
        "ts": "mpegts",
    ]

    static func ffmpeg(_ name: String) -> String { known[name.lowercased()] ?? name.lowercased() }
}
