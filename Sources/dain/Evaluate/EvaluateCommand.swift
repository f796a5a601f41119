import ArgumentParser
import Evaluation
import Foundation
import Media

/// `dain evaluate`: how near new frames come to true ones, on benchmarks and on any clip.
struct EvaluateCommand: ParsableCommand, HasDiagnostics, RunsKernels, PrintsReport {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Compare new frames with true ones, on a benchmark or on any clip.",
        discussion: """
            A folder with sequences as \(DatasetLayout.summary) is a benchmark: interpolation error (IE: mean absolute \
            error), PSNR and SSIM of each sequence are printed. Of a clip every other frame is held out and made from its \
            neighbours; PSNR and SSIM are printed over time, beside those of plain averages, and a picture is written \
            with the curves and the worst and best frames; frames at cuts are left out. All figures are of 8-bit RGB.
            """)

    @Argument(
        help: ArgumentHelp(
            "A benchmark's folder, or a video, a folder of images or a pattern such as 'frames/%05d.png'.",
            valueName: "path"), completion: .file())
    var path: String

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp(
            "Where to write the picture of a clip (default: NAME-evaluation.png beside it).",
            valueName: "path"), completion: .file())
    var output: String?

    @Flag(name: .long, help: "Print the figures as JSON.")
    var json = false

    @OptionGroup(title: "Cuts of a clip") var cuts: CutOptions

    @OptionGroup(title: "Network") var network: NetworkOptions

    @OptionGroup var diagnostics: DiagnosticsOptions

    func validate() throws {
        if path.isEmpty { throw ValidationError("the input's name is empty") }
        if output?.isEmpty == true { throw ValidationError("--output is empty") }
    }

    func run() throws {
        let cancellation = Signals.cancellation()
        if let dataset = try Dataset(folder: path) {
            if output != nil { throw BadUsage("--output is for a clip's picture; a benchmark has none") }
            if cuts.isGiven {
                throw BadUsage(
                    "--scene-threshold and --no-scene-detection are for a clip; a benchmark has no cuts")
            }
            return try DatasetJob(command: self, dataset: dataset).run(cancellation)
        }
        do {
            try ClipJob(command: self).run(cancellation)
        } catch MediaError.emptySequence where URL(fileURLWithPath: path).hasDirectoryPath {
            if let file = try Dataset.firstLacking(in: path) {
                throw BadUsage("\(path): no sequence is complete: \(file) is not there, as PNG or WebP")
            }
            throw BadUsage(
                "\(path): is no benchmark (\(DatasetLayout.summary)), and holds no images of a clip")
        }
    }
}

extension DatasetError: UserFacingError {
    var userMessage: String { description }
    var exitStatus: ExitStatus { .badUsage }
}
