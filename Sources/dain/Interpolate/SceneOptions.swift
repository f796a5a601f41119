import ArgumentParser
import Interpolation
import Scenes

/// How cuts and repeated frames are treated.
struct SceneOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "How far apart two frames are for a cut, above 0 and up to 1 (default: \(SceneClassifier.defaultThreshold)).",
            valueName: "number"))
    var sceneThreshold: Float?

    @Flag(name: .long, help: "Take all for one scene: new frames across cuts mix both sides.")
    var noSceneDetection = false

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
        if let sceneThreshold, !(sceneThreshold > 0 && sceneThreshold <= 1) {
            throw ValidationError("--scene-threshold must be above 0 and up to 1")
        }
        if noSceneDetection, sceneThreshold != nil {
            throw ValidationError("--no-scene-detection and --scene-threshold exclude each other")
        }
        if report?.isEmpty == true { throw ValidationError("--report is empty") }
        if report == "-" { throw ValidationError("--report is written to a file, not to standard output") }
    }

    var settings: SceneSettings {
        SceneSettings(
            cutThreshold: noSceneDetection ? nil : sceneThreshold ?? SceneClassifier.defaultThreshold,
            duplicates: duplicates)
    }
}

extension SceneSettings.Duplicates: ExpressibleByArgument {}
