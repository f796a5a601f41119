import Console
import Foundation
import Logging
import Timing

/// A result of each input, in one folder. An input that fails does not keep the others from being made.
final class Batch {
    let command: InterpolateCommand
    private let folder: String
    /// Whether the folder was not there before.
    private var isMade = false
    private let log = Logger(label: "dain.interpolate")

    init(_ command: InterpolateCommand, folder: String) {
        (self.command, self.folder) = (command, folder)
    }

    /// Throws where anything failed, once all is done.
    func run(_ cancellation: Cancellation) throws {
        let start = monotonicTime()
        let items: [InterpolateCommand]
        let network = NetworkLoader(command.network)
        let file: ProgressFile?
        do {
            items = try Self.items(of: command, in: folder)
            // What is wrong for all of them is said once.
            try command.encoding.settings.checkNames()
            _ = try network.load()
            try makeFolder()
            file = try command.openProgressFile(items.compactMap(\.output))
        } catch {
            removeEmptyFolder()
            try command.printSummary(FailureSummary(Outcome(of: error)))
            throw error
        }
        var results: [RunSummary] = []
        for (index, item) in items.enumerated() {
            let monitor = RunMonitor(
                inputs: item.inputs, command.scripts, command.diagnostics, file: file,
                item: (index + 1, items.count))
            var outcome = Outcome.done
            do {
                try cancellation.check()
                try item.interpolate(monitor, network, cancellation)
            } catch {
                outcome = Outcome(of: error)
            }
            if outcome.status == .done {
                results.append(monitor.summary())
                continue
            }
            results.append(monitor.summary(outcome))
            if outcome.status == .interrupted { break }
            print(outcome.error ?? "failed", of: item.inputs[0])
        }
        try finish(results, of: items.count, seconds: (monotonicTime() - start).inSeconds)
    }

    private func finish(_ results: [RunSummary], of count: Int, seconds: Double) throws {
        let failed = results.filter { $0.status == .failed }
        let done = results.count { $0.status == .done }
        let isInterrupted = results.last?.status == .interrupted
        let code: ExitStatus = isInterrupted ? .interrupted : failed.isEmpty ? .done : .failed
        if done == 0 { removeEmptyFolder() }
        try command.printSummary(
            BatchSummary(
                status: isInterrupted ? .interrupted : failed.isEmpty ? .done : .failed,
                exitCode: code.rawValue, done: done, failed: failed.count,
                seconds: seconds.rounded(toPlaces: 3), results: results))
        if isInterrupted { throw Interrupted() }
        if !failed.isEmpty {
            let names = failed.prefix(5).flatMap(\.inputs).joined(separator: ", ")
            throw Failure(
                "\(failed.count) of \(counted(count, "input")) failed: \(names)"
                    + (failed.count > 5 ? ", …" : ""))
        }
        log.notice("done with \(done) of \(counted(count, "input")); the results are in \(folder)")
    }

    private func print(_ error: String, of input: String) {
        DiagnosticOutput.standardError.printError(error.contains(input) ? error : "\(input): \(error)")
    }

    // MARK: The folder

    /// Throws where the folder cannot be one, without making it.
    static func checkFolder(_ folder: String) throws {
        var place = URL(fileURLWithPath: folder).standardizedFileURL
        var isFolder: ObjCBool = false
        while !FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder), place.path != "/" {
            place.deleteLastPathComponent()
        }
        guard isFolder.boolValue else { throw BadUsage("\(place.path): is a file, not a folder") }
        guard access(place.path, W_OK | X_OK) == 0 else {
            throw BadUsage("\(folder): cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    private func makeFolder() throws {
        try Self.checkFolder(folder)
        isMade = access(folder, F_OK) != 0
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            let code = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError)?.code
            throw BadUsage(
                "\(folder): cannot be made: \(code.map { String(cString: strerror(Int32($0))) } ?? error.localizedDescription)"
            )
        }
    }

    /// A folder that holds nothing is not left behind by a batch that came to nothing.
    private func removeEmptyFolder() {
        if isMade { rmdir(folder) }
    }

    // MARK: The items

    /// A command for each input, with its output's name. Throws where two results, or a result and an input, would be one.
    static func items(of command: InterpolateCommand, in folder: String) throws -> [InterpolateCommand] {
        let folder = folder.hasSuffix("/") ? folder : folder + "/"
        var owners: [String: String] = [:]
        let inputs = Set(command.inputs.map(resolved))
        return try command.inputs.map { input in
            let output = folder + OutputName.last(of: OutputName.beside(input, label: command.resultLabel))
            // Some file systems do not tell upper case from lower.
            let key = output.lowercased()
            if let other = owners[key] {
                throw BadUsage(
                    other == input
                        ? "\(input): is given twice"
                        : "\(other) and \(input) would both become \(output); make them in different folders")
            }
            owners[key] = input
            if inputs.contains(resolved(output)) {
                throw BadUsage("\(output): the result of \(input) would replace an input")
            }
            var item = command
            (item.inputs, item.output) = ([input], output)
            return item
        }
    }

    private static func resolved(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }
}
