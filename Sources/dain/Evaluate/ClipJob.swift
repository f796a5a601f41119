import CFFmpeg
import Evaluation
import Foundation
import Interpolation
import Logging
import Media
import Timing

/// Holds out every other frame of a clip, makes it from its neighbours, and measures what came of it.
struct ClipJob {
    let command: EvaluateCommand
    private let log = Logger(label: "dain.evaluate")

    init(command: EvaluateCommand) { self.command = command }

    func run(_ cancellation: Cancellation) throws {
        let path = command.path
        let reader = try VideoReader(path: path)
        let output = command.output ?? Self.pictureName(path)
        let writer = try ImageWriter(
            like: output, settings: EncoderSettings(), overwrite: true,
            inputs: try Self.files(of: path))
        try writer.check(output)
        var triplets = try HeldOutFrames(of: reader, cutThreshold: command.cuts.threshold)
        guard let opening = try triplets.next() else {
            throw BadUsage("\(path): has fewer than three frames, of which one could be held out")
        }
        let network = NetworkLoader(command.network)
        let comparison = try compare(opening, &triplets, of: reader, with: network.load(), cancellation)
        guard !comparison.frames.isEmpty else {
            throw BadUsage(
                "\(path): every held-out frame lies at a cut, where there is no motion; --no-scene-detection compares them all"
            )
        }
        for note in reader.notes { log.warning("\(note)") }
        if let sheet = ClipSheet.draw(comparison, title: URL(fileURLWithPath: path).lastPathComponent) {
            try writer.write(VideoFrame(sheet), to: output)
        }
        let report = ClipReport(comparison, clip: path, picture: output, on: try network.device())
        try StandardOutput.print(command.json ? ReportJSON.text(report) : report.text)
        log.notice("\(Self.noteOnVMAF)")
        log.notice("wrote \(output)")
    }

    private func compare(
        _ opening: HeldOutFrames.Triplet, _ triplets: inout HeldOutFrames, of reader: VideoReader,
        with interpolator: some Interpolator, _ cancellation: Cancellation
    ) throws -> ClipComparison {
        let tick = reader.video.timeBase(dividedFor: .factor(1))
        let total = reader.video.frameCount.map { max(1, (min($0, 1 << 40) - 1) / 2) }
        let progress = command.diagnostics.progress(unit: "frames", total: total)
        var comparison = ClipComparison()
        var next: HeldOutFrames.Triplet? = opening
        var prepared = try interpolator.prepare(opening.first.picture.image)
        while let triplet = next {
            try cancellation.check()
            let (first, second) = (triplet.first.picture, triplet.second.picture)
            let preparedSecond = try interpolator.prepare(second.image)
            if triplet.crossesCut {
                comparison.addCut(triplet.number)
            } else {
                let t = triplet.moment(tick: tick)
                let result = try interpolator.interpolate(
                    interpolator.prepare(prepared, preparedSecond), at: t)
                comparison.add(
                    frame: triplet.number, time: triplet.truth.time.time.doubleValue,
                    truth: triplet.truth.picture.rounded, interpolated: RGB8Image(rounding: result),
                    average: .average(first.rounded, second.rounded, at: t))
            }
            progress.advance()
            prepared = preparedSecond
            next = try triplets.next()
        }
        progress.finish()
        return comparison
    }

    /// `clip.mp4` becomes `clip-evaluation.png`, and so do a folder and a pattern, beside the folder of the images: in it the
    /// picture would be a frame of the next run.
    static func pictureName(_ input: String) -> String {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: input, isDirectory: &isFolder)
        if !exists {
            let folder = URL(fileURLWithPath: input).deletingLastPathComponent().path
            return Self.pictureName(folder)
        }
        if isFolder.boolValue {
            let named = OutputName.beside(input, label: "evaluation")
            return (named.hasSuffix("/") ? String(named.dropLast()) : named) + ".png"
        }
        let named = OutputName.beside(input, label: "evaluation")
        return URL(fileURLWithPath: named).pathExtension.isEmpty
            ? named + ".png" : (named as NSString).deletingPathExtension + ".png"
    }

    /// What the picture must not replace: the clip, or for images whatever lies in their folder.
    private static func files(of input: String) throws -> [String] {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: input, isDirectory: &isFolder)
        if exists, !isFolder.boolValue { return [input] }
        let folder = exists ? input : URL(fileURLWithPath: input).deletingLastPathComponent().path
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }
        } catch {
            throw Failure("\(folder): the folder cannot be read any more")
        }
    }

    private static var noteOnVMAF: String {
        avfilter_get_by_name("libvmaf") == nil
            ? "VMAF is not measured: this build of FFmpeg has no filter libvmaf"
            : "VMAF is not measured here; this build of FFmpeg can, by ffmpeg -lavfi libvmaf"
    }
}
