import Media

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// `-` as an input or output of `interpolate`.
enum StandardStreams {
    /// Refuses to read from a keyboard and to write pictures to a screen.
    static func check(input: String, output: String) throws {
        if input == StandardStream.path, isatty(STDIN_FILENO) == 1 {
            throw BadUsage("standard input is a terminal; '-' reads a video from a pipe or a file")
        }
        if output == StandardStream.path, isatty(STDOUT_FILENO) == 1 {
            throw BadUsage("standard output is a terminal; pipe it to a program, or name a file with -o")
        }
    }

    /// How messages name an output.
    static func name(_ output: String) -> String {
        output == StandardStream.path ? "standard output" : output
    }
}
