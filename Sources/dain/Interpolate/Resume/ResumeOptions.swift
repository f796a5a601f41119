import ArgumentParser
import Media

/// Whether a run can be gone on with.
struct ResumeOptions: ParsableArguments {
    @Flag(
        name: .long,
        help: """
            Work in segments that are kept in a hidden folder beside the output: after a crash or an interruption the same \
            command goes on. Give it from the start.
            """)
    var resume = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "With --resume: frames of the input in a segment (default: \(Self.longestSegment), fewer of large frames).",
            valueName: "n"))
    var segmentFrames: Int?

    static let longestSegment = 240
    static let shortestSegment = 24

    func validate() throws {
        if segmentFrames != nil, !resume { throw ValidationError("--segment-frames goes with --resume") }
        if let segmentFrames, !(1...1_000_000).contains(segmentFrames) {
            throw ValidationError("--segment-frames must be from 1 to 1000000")
        }
    }

    /// Refuses what cannot be gone on with. What can only be told from files is refused when the job begins.
    func check(for command: InterpolateCommand) throws {
        guard resume else { return }
        if command.inputs.count > 1, command.scripts.outputDir == nil {
            throw ValidationError("--resume is for videos, not for two images")
        }
        if command.inputs == [StandardStream.path] || command.output == StandardStream.path {
            throw ValidationError("--resume needs files: what went through a pipe is gone")
        }
        if command.time.range != nil {
            throw ValidationError(
                "--resume and --range exclude each other: a range that is missing is rendered again")
        }
    }

    /// Input frames of a segment, for pictures of a size.
    ///
    /// As many as there are in 240 frames of 640×480, so that what a crash can cost takes about as long at every size; but
    /// at least 24, since every segment begins with a key frame.
    func segmentFrames(width: Int, height: Int) -> Int {
        if let segmentFrames { return segmentFrames }
        let equal = Self.longestSegment * 640 * 480 / max(1, width * height)
        return min(max(equal, Self.shortestSegment), Self.longestSegment)
    }

    /// What is said when the user interrupts.
    var interruptionNotice: String {
        resume
            ? "stopping behind this segment; interrupt once more to end at once, which loses what it has by now"
            : "stopping; interrupt once more to end at once"
    }
}
