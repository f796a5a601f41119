import ArgumentParser
import Scenes

/// Where one scene ends and another begins.
struct CutOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "How far apart two frames are for a cut, above 0 and up to 1 (default: \(SceneClassifier.defaultThreshold)).",
            valueName: "number"))
    var sceneThreshold: Float?

    @Flag(name: .long, help: "Take all for one scene: new frames across cuts mix both sides.")
    var noSceneDetection = false

    func validate() throws {
        if let sceneThreshold, !(sceneThreshold > 0 && sceneThreshold <= 1) {
            throw ValidationError("--scene-threshold must be above 0 and up to 1")
        }
        if noSceneDetection, sceneThreshold != nil {
            throw ValidationError("--no-scene-detection and --scene-threshold exclude each other")
        }
    }

    /// Whether the command line names either.
    var isGiven: Bool { noSceneDetection || sceneThreshold != nil }

    /// The least distance of a cut; nil where none is looked for.
    var threshold: Float? { noSceneDetection ? nil : sceneThreshold ?? SceneClassifier.defaultThreshold }
}
