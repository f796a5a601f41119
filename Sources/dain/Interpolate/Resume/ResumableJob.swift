import Console
import Foundation
import Interpolation
import Logging
import Media
import Timing

/// Interpolates a video in segments, so that what is done survives whatever ends the program.
///
/// Every segment is encoded by an encoder of its own and brought to the disk before the journal lists it. When all are
/// there, they are put together beside the input's other streams by the code that writes a plain run's result. A run that
/// goes on makes the frames behind the last segment from the same pictures as one run would have, with the same history: the
/// input is read from its beginning, since cuts and repeated frames are told by what came before. Reading costs a small
/// part of what making a frame does.
struct ResumableJob {
    let command: InterpolateCommand
    let output: String
    let monitor: RunMonitor
    let network: NetworkLoader
    let cancellation: Cancellation
    private let log = Logger(label: "dain.interpolate")
    private var input: String { command.inputs[0] }

    init(
        command: InterpolateCommand, output: String, monitor: RunMonitor, network: NetworkLoader,
        _ cancellation: Cancellation
    ) {
        (self.command, self.output, self.cancellation) = (command, output, cancellation)
        (self.monitor, self.network) = (monitor, network)
    }

    func run() throws {
        try checkThatItCanBeResumed()
        let reader = try VideoReader(path: input, settings: command.input.settings)
        guard !reader.isSequence else { throw Self.imagesAreRefused(input) }
        let plan = TimePlan(command, reader.video)
        let fingerprint = try Fingerprint(
            command, output: output, plan, device: network.device(),
            segmentFrames: command.resuming.segmentFrames(
                width: reader.video.width, height: reader.video.height))
        try VideoWriter.checkOutput(output, overwrite: true, inputs: [input])
        if try isFinished(fingerprint) { return }
        try VideoWriter.checkOutput(output, overwrite: !command.noOverwrite, inputs: [input])
        let sceneReport = try command.scenes.report.map {
            try ReportFile($0, SceneReport(input: input, command.scenes.settings), inputs: [input, output])
        }
        let folder = try RunFolder(for: output)
        do {
            let run = ResumableRun(
                job: self, folder: folder, fingerprint: fingerprint, plan: plan, sceneReport: sceneReport)
            try run.run(reader)
        } catch {
            sayHowToGoOn(folder, fingerprint, plan)
            throw error
        }
    }

    private func checkThatItCanBeResumed() throws {
        if ImageSequenceWriter.isSequence(output) { throw Self.imagesAreRefused(output) }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: input, isDirectory: &isFolder), isFolder.boolValue {
            throw Self.imagesAreRefused(input)
        }
        // A named pipe must not even be opened: what is read from it is gone.
        try Fingerprint.checkThatItIsAFile(input)
    }

    private static func imagesAreRefused(_ path: String) -> BadUsage {
        BadUsage("\(path): --resume is for videos that are files, not for sequences of images")
    }

    /// Whether nothing is left to do. What a run that was ended at its very end has left behind is removed.
    private func isFinished(_ fingerprint: Fingerprint) throws -> Bool {
        let path = try VideoWriter.target(of: output)
        let leftover = try RunFolder.path(for: output)
        var isMarked = FinishedMark.isSet(try fingerprint.digestOfSettings(), on: path)
        if isMarked, access(leftover, F_OK) == 0 {
            try RunFolder(for: output).remove()
        } else if !isMarked, let journal = RunFolder.journal(in: leftover) {
            isMarked =
                journal.fingerprint == fingerprint && journal.finishedBytes != nil
                && journal.finishedBytes == FinishedMark.size(of: path)
        }
        if isMarked {
            log.notice("\(output) is finished")
        } else if access(path, F_OK) == 0, access(leftover, F_OK) != 0, !command.noOverwrite {
            log.notice(
                "\(output) is there, but not as what this command makes: it is replaced when that is complete"
            )
        }
        return isMarked
    }

    private func sayHowToGoOn(_ folder: RunFolder, _ fingerprint: Fingerprint, _ plan: TimePlan) {
        guard let journal = folder.journal(), !journal.segments.isEmpty else {
            // Nothing is worth keeping.
            folder.remove()
            return
        }
        folder.clean(keeping: journal)
        // Otherwise it is another command that goes on.
        guard journal.fingerprint == fingerprint else { return }
        let total = plan.expectedFrames.map { " of about \($0)" } ?? ""
        log.notice(
            "\(journal.frames)\(journal.isRendered ? "" : total) frames are kept; the same command goes on behind them"
        )
    }
}
