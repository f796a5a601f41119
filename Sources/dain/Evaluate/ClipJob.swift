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
        guard let opening = try Triplet.first(of: reader) else {
            throw BadUsage("\(path): has fewer than three frames, of which one could be held out")
        }
        let network = NetworkLoader(command.network)
        let comparison = try compare(opening, reader, with: network.load(), cancellation)
        for note in reader.notes { log.warning("\(note)") }
        if let sheet = ClipSheet.draw(comparison, title: URL(fileURLWithPath: path).lastPathComponent) {
            try writer.write(VideoFrame(sheet), to: output)
        }
        let report = ClipReport(comparison, clip: path, picture: output, on: try network.device())
        try StandardOutput.print(command.json ? ReportJSON.text(report) : report.text)
        log.notice("\(Self.noteOnVMAF)")
        log.notice("wrote \(output)")
    }

    /// Two frames that are kept, and the one between them that is held out.
    private struct Triplet {
        var first: VideoFrame
        var truth: VideoFrame
        var second: VideoFrame

        static func first(of reader: VideoReader) throws -> Triplet? {
            guard let first = try reader.nextFrame() else { return nil }
            return try after(first, of: reader)
        }

        static func after(_ first: VideoFrame, of reader: VideoReader) throws -> Triplet? {
            guard let truth = try reader.nextFrame(), let second = try reader.nextFrame() else { return nil }
            return Triplet(first: first, truth: truth, second: second)
        }

        /// Where the held-out frame lies, from 0 to 1.
        ///
        /// Times that are rounded to a fine tick, as Matroska's to milliseconds, stand for the exact middle.
        func moment(tick: Rational) -> Float {
            let (span, offset) = (second.time - first.time, truth.time - first.time)
            let fromMiddle = offset - span / Rational(2)
            let isFine = tick * Rational(16) <= span
            if isFine, fromMiddle <= tick, Rational.zero - fromMiddle <= tick { return 0.5 }
            return Float((offset / span).doubleValue)
        }
    }

    private func compare(
        _ opening: Triplet, _ reader: VideoReader, with interpolator: some Interpolator,
        _ cancellation: Cancellation
    ) throws -> ClipComparison {
        let converter = FrameConverter()
        let tick = reader.video.timeBase(dividedFor: .factor(1))
        let total = reader.video.frameCount.map { max(1, (min($0, 1 << 40) - 1) / 2) }
        let progress = command.diagnostics.progress(unit: "frames", total: total)
        var comparison = ClipComparison()
        var number = 1
        var next: Triplet? = opening
        var first = try MeasuredFrame(opening.first, converter)
        var prepared = try interpolator.prepare(first.image)
        while let triplet = next {
            try cancellation.check()
            let second = try MeasuredFrame(triplet.second, converter)
            let preparedSecond = try interpolator.prepare(second.image)
            let t = triplet.moment(tick: tick)
            let result = try interpolator.interpolate(interpolator.prepare(prepared, preparedSecond), at: t)
            comparison.add(
                frame: number, time: triplet.truth.time.doubleValue,
                truth: try MeasuredFrame(triplet.truth, converter).rounded,
                interpolated: RGB8Image(rounding: result),
                average: .average(first.rounded, second.rounded, at: t))
            progress.advance()
            (first, prepared) = (second, preparedSecond)
            number += 2
            next = try Triplet.after(triplet.second, of: reader)
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
