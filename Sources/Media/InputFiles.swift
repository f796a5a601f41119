import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// The files that an input reads, as far as its name tells: none of them may be written to.
enum InputFiles {
    /// `-` is what standard input comes from, and FFmpeg's protocols name files of their own: `file:a.mp4`,
    /// `concat:a.ts|b.ts`, `cache:file:a.mp4`.
    static func named(by input: String) -> [String] {
        if input == StandardStream.path { return ["/dev/stdin"] }
        guard access(input, F_OK) != 0, let first = input.firstMatch(of: /^[a-z][a-z0-9]*:/) else {
            return [input]
        }
        return input[first.range.upperBound...].split(separator: "|").flatMap { named(by: String($0)) }
    }
}
