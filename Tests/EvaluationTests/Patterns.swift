import Evaluation
import Foundation

/// Pictures that a formula in whole numbers defines, so that other programs can make them, too.
enum Patterns {
    /// Texture without structure.
    static func texture(_ width: Int, _ height: Int, seed: Int) -> RGB8Image {
        image(width, height) { x, y, c in
            (x * x * 3 + x * y * (c + 2) + 37 * c * (y + 1) + 11 * y * y + seed * x) % 256 * 3 / 4 + 20
        }
    }

    /// Smooth hyperbolic bands, moved by `shift`.
    static func bands(_ width: Int, _ height: Int, shift: Int) -> RGB8Image {
        image(width, height) { x, y, c in (x + shift) * (y + 2 * c + shift) / 3 % 200 + 20 }
    }

    static func flat(_ width: Int, _ height: Int, _ value: Int) -> RGB8Image {
        image(width, height) { _, _, _ in value }
    }

    static func image(_ width: Int, _ height: Int, _ value: (Int, Int, Int) -> Int) -> RGB8Image {
        var values: [UInt8] = []
        for c in 0..<3 {
            for y in 0..<height { for x in 0..<width { values.append(UInt8(value(x, y, c))) } }
        }
        return RGB8Image(width: width, height: height, values: values)
    }
}

/// A folder of empty files that lasts as long as this object.
final class FileTree {
    let path: String

    init(_ files: [String]) throws {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("dain-evaluation-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for file in files { try write("", file) }
    }

    deinit { _ = Result { try FileManager.default.removeItem(atPath: path) } }

    func write(_ text: String, _ file: String) throws {
        let place = URL(fileURLWithPath: "\(path)/\(file)")
        try FileManager.default.createDirectory(
            at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: place)
    }
}
