import ArgumentParser
import Logging
import Media
import Timing

/// `dain join`: segments that `interpolate --range` made become one video.
struct JoinCommand: ParsableCommand, HasDiagnostics {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Put segments made by 'interpolate --range' together, without encoding them anew.",
        discussion: """
            The segments are given in their order. Each must begin where the one before it ends, and the result is \
            counted again when it is written. Whether they are all of the clip only --from can tell: it warns of what \
            is missing at the beginning and the end, and refuses segments that begin before the clip or go on behind it.
            """)

    @Argument(help: ArgumentHelp("The segments, in their order.", valueName: "segment"), completion: .file())
    var segments: [String]

    @Option(
        name: [.customShort("o"), .long], help: ArgumentHelp("Where to write.", valueName: "path"),
        completion: .file())
    var output: String

    @Option(
        name: .customLong("from"),
        help: ArgumentHelp(
            "The clip that was interpolated, whose sound, subtitles and everything else the result gets.",
            valueName: "input"), completion: .file())
    var original: String?

    @Flag(name: .long, help: "Refuse when the output exists.")
    var noOverwrite = false

    @OptionGroup var diagnostics: DiagnosticsOptions

    func validate() throws {
        if segments.isEmpty { throw ValidationError("no segments are given") }
        if (segments + [output, original ?? "-"]).contains("") { throw ValidationError("a name is empty") }
    }

    func run() throws {
        let log = Logger(label: "dain.join")
        let joiner = SegmentJoiner(segments, original: original)
        let joined = try joiner.join(to: output, overwrite: !noOverwrite)
        for note in joined.notes { log.warning("\(note)") }
        let span = "from \(joined.start) to \(joined.end)"
        let rest =
            original == nil ? "; whether the clip goes on before or behind them, only --from can tell" : ""
        log.notice(
            "wrote \(output): \(counted(joined.frames, "frame")) of \(counted(segments.count, "segment")), \(span)\(rest)"
        )
    }
}

extension SegmentError: UserFacingError {
    var exitStatus: ExitStatus {
        if case .wrongCount = self { .failed } else { .badUsage }
    }
}
