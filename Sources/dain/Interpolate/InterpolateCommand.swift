import ArgumentParser
import Foundation
import Media
import Timing

/// `dain interpolate`: a clip, or a sequence of images, at another frame rate; or the picture between two images.
struct InterpolateCommand: ParsableCommand, HasDiagnostics, RunsKernels {
    static let configuration = CommandConfiguration(
        commandName: "interpolate",
        abstract: "Make new frames between those of a video, of a sequence of images, or of two images.",
        discussion: """
            Sound, subtitles and everything else of a video are carried over as they are. Without --factor, --fps \
            or --timestep the number of frames is doubled.
            """)

    @Argument(
        help: ArgumentHelp(
            "A video, '-' for one on standard input, a folder of images, a pattern such as 'frames/%05d.png', or two images; with --output-dir as many as there are.",
            valueName: "input"), completion: .file())
    var inputs: [String]

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp(
            "Where to write; the ending chooses the container, '/' at the end a folder of images, '-' standard output.",
            valueName: "path"), completion: .file())
    var output: String?

    @Option(
        name: .long,
        help: ArgumentHelp("N frames for each frame of the input, from 2 to 1000.", valueName: "n"))
    var factor: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A new constant frame rate, such as 60, 59.94 or 60000/1001.", valueName: "rate"),
        transform: OutputRate.init(argument:))
    var fps: OutputRate?

    @Option(
        name: .long,
        help: ArgumentHelp("For two images: the moment between them, above 0 and below 1.", valueName: "t"))
    var timestep: Float?

    @Flag(inversion: .prefixedNo, help: "Replace the output where it exists, or refuse (default: replace).")
    var overwrite = true

    @OptionGroup(title: "Scripts") var scripts: RunOptions

    @OptionGroup(title: "Input") var input: InputOptions

    @OptionGroup(title: "Time") var time: TimeOptions

    @OptionGroup(title: "Cuts and repeated frames") var scenes: SceneOptions

    @OptionGroup(title: "Resuming") var resuming: ResumeOptions

    @OptionGroup(title: "Encoding") var encoding: EncodingOptions

    @OptionGroup(title: "Network") var network: NetworkOptions

    @OptionGroup var diagnostics: DiagnosticsOptions

    /// Factors beyond this are a mistake: a second of film would last a quarter of an hour.
    private static let greatestFactor = 1000

    func validate() throws {
        if [factor != nil, fps != nil, timestep != nil].count(where: \.self) > 1 {
            throw ValidationError("--factor, --fps and --timestep exclude each other")
        }
        if let factor, !(2...Self.greatestFactor).contains(factor) {
            throw ValidationError("--factor must be a whole number from 2 to \(Self.greatestFactor)")
        }
        if let timestep, !(timestep > 0 && timestep < 1) {
            throw ValidationError("--timestep must be above 0 and below 1")
        }
        if time.range != nil, scenes.duplicates == .drop {
            throw ValidationError(
                "--range excludes '--duplicates drop', which would have to know the frames before the segment; "
                    + "'keep' and 'retime' go with it")
        }
        try resuming.check(for: self)
        if scripts.outputDir != nil { return try validateBatch() }
        switch inputs.count {
        case 1:
            if timestep != nil { throw ValidationError("--timestep takes two images") }
            if factor != nil, time.slowdown != nil {
                throw ValidationError(
                    "--slowdown and --factor exclude each other; --fps goes with --slowdown")
            }
        case 2:
            if factor != nil || fps != nil {
                throw ValidationError(
                    "two images take --timestep; --factor and --fps are for a video or sequence, and for several of them with --output-dir"
                )
            }
            if time.isGiven || scenes.report != nil {
                throw ValidationError(
                    "--slowdown, --start, --end, --frames, --range and --report are for a video or sequence")
            }
        default:
            throw ValidationError(
                "expected one video, folder or pattern, or two images; got \(inputs.count) inputs, which --output-dir takes"
            )
        }
        if inputs.contains("") { throw ValidationError("an input's name is empty") }
        if encoding.format != nil, output == nil, inputs != ["-"] {
            throw ValidationError("--format takes --output: the file's name is not made by the format")
        }
        if output?.isEmpty == true { throw ValidationError("--output is empty") }
    }

    private func validateBatch() throws {
        if output != nil { throw ValidationError("--output and --output-dir exclude each other") }
        if timestep != nil { throw ValidationError("--timestep takes two images and --output") }
        if factor != nil, time.slowdown != nil {
            throw ValidationError("--slowdown and --factor exclude each other; --fps goes with --slowdown")
        }
        if scenes.report != nil { throw ValidationError("--report is for one input; --json counts for all") }
        if encoding.format != nil {
            throw ValidationError("--format takes --output: a file's name is not made by the format")
        }
        if inputs.contains("") { throw ValidationError("an input's name is empty") }
        if inputs.contains(StandardStream.path) {
            throw ValidationError("standard input has no name that a result in a folder could get")
        }
    }

    var noOverwrite: Bool { !overwrite }

    /// Whether the frames go where `--json` would print otherwise.
    var writesToStandardOutput: Bool {
        scripts.outputDir == nil
            && (output ?? (inputs == [StandardStream.path] ? StandardStream.path : nil))
                == StandardStream.path
    }

    func run() throws {
        // Signals are asked for first: loading the network takes a moment, too.
        let cancellation = Signals.cancellation(notice: resuming.interruptionNotice)
        if scripts.dryRun {
            try DryRun(command: self).run(cancellation)
        } else if let folder = scripts.outputDir {
            try Batch(self, folder: folder).run(cancellation)
        } else {
            try SingleRun(command: self).run(cancellation)
        }
    }
}
