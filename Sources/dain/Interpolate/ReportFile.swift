import Foundation
import Interpolation
import Timing

/// The file that `--report` names: known to be writable before the work begins, written when it is done.
final class ReportFile {
    private let path: String
    private var report: SceneReport

    /// Throws where the file could not be written, or is one of the others.
    init(_ path: String, _ report: SceneReport, inputs: [String]) throws {
        (self.path, self.report) = (path, report)
        let file = URL(fileURLWithPath: path).resolvingSymlinksInPath()
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), isFolder.boolValue {
            throw BadUsage("\(path): is a folder; --report names a file")
        }
        guard FileManager.default.isWritableFile(atPath: file.deletingLastPathComponent().path) else {
            throw BadUsage("\(path): cannot be written: its folder does not exist or is read-only")
        }
        if inputs.contains(where: { URL(fileURLWithPath: $0).resolvingSymlinksInPath() == file }) {
            throw BadUsage("\(path): --report would replace the input or the output")
        }
    }

    func add(_ event: SceneEvent, stretch: Rational) { report.add(event, stretch: stretch) }

    func setFrames(_ count: Int) { report.frames = count }

    /// Replaces the file at once, so that it never holds half a report.
    func write() throws {
        do {
            try report.json().write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw Failure("\(path): cannot be written: \(error.localizedDescription)")
        }
    }
}
