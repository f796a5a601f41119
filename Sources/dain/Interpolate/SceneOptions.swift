import ArgumentParser
import Interpolation

/// How cuts and repeated frames are treated.
struct SceneOptions: ParsableArguments {
    @OptionGroup var cuts: CutOptions

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Frames that repeat the one before: keep them, drop them (variable frame rate), or retime, which puts new \
            frames between drawings in their place.
            """))
    var duplicates = SceneSettings.Duplicates.keep

    @Option(
        name: .long,
        help: ArgumentHelp("Write a list of cuts and repeated frames, as JSON.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var report: String?

    func validate() throws {
        if report?.isEmpty == true { throw ValidationError("--report is empty") }
        if report == "-" { throw ValidationError("--report is written to a file, not to standard output") }
    }

    var settings: SceneSettings {
        SceneSettings(cutThreshold: cuts.threshold, duplicates: duplicates)
    }
}

extension SceneSettings.Duplicates: ExpressibleByArgument {}
