import Foundation
import Media

extension InterpolateCommand {
    /// What is done to the input, as a part of the result's name: `2x`, `60fps` and the like.
    var resultLabel: String {
        let range = time.range.map { "\($0.lowerBound)-\($0.upperBound)" }
        let speed = time.slowdown.map { "\($0)x-slower" }
        let rate = fps.map { "\($0.text)fps" }
        let factor = speed == nil && rate == nil ? "\(factor ?? 2)x" : nil
        return [speed, rate, factor, range].compactMap(\.self).joined(separator: "-")
    }
}

/// The name of a result that was not given one: the input's, with what was done to it.
enum OutputName {
    /// The result's name where none is given: as `beside` says, but the pattern `shot/%04d.png` becomes `shot-2x/%04d.png`.
    /// New images among those that they were made from would be taken for frames the next time.
    static func ofResult(of input: String, label: String) -> String {
        guard ImageSequenceWriter.isSequence(input), !input.hasSuffix("/"), !isFolder(input) else {
            return beside(input, label: label)
        }
        let slash = input.lastIndex(of: "/")
        return beside(slash.map { String(input[...$0]) } ?? ".", label: label)
            + input[(slash.map { input.index(after: $0) } ?? input.startIndex)...]
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// `clip.mp4` becomes `clip-2x.mp4`, the folder `frames` `frames-2x/`; `label` is `2x`, `60fps` and the like.
    /// What comes through a pipe goes on through one.
    static func beside(_ input: String, label: String) -> String {
        if input == StandardStream.path { return StandardStream.path }
        // A stroke, as in `60000/1001fps`, would lead to another folder.
        let label = label.replacingOccurrences(of: "/", with: "-")
        if input.hasPrefix("file:"), !FileManager.default.fileExists(atPath: input) {
            return beside(String(input.dropFirst(5)), label: label)
        }
        if isFolder(input) {
            var folder = Substring(input)
            while folder.count > 1, folder.hasSuffix("/") { folder = folder.dropLast() }
            // '.', '..' and '/' have no name to add to, and what was made of '.' would be hidden in it.
            if [".", ".."].contains(folder.split(separator: "/").last ?? ".") {
                folder = Substring(URL(fileURLWithPath: input).standardizedFileURL.path)
            }
            return folder == "/" ? "/\(label)/" : "\(folder)-\(label)/"
        }
        let slash = input.lastIndex(of: "/").map { input.index(after: $0) } ?? input.startIndex
        let name = input[slash...]
        // A leading dot hides a file; it starts no extension.
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "\(input)-\(label)" }
        return "\(input[..<dot])-\(label)\(input[dot...])"
    }

    /// The last part of a path, with the stroke that marks a folder.
    static func last(of path: String) -> String {
        let isFolder = path.hasSuffix("/")
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return isFolder ? name + "/" : name
    }
}
