import ArgumentParser

/// A size in pixels as the command line writes it: `640x480`.
struct Resolution: Hashable, Sendable, Codable, ExpressibleByArgument, CustomStringConvertible {
    var width: Int
    var height: Int

    /// Larger frames than any display shows; the limit keeps sizes in bytes within an Int.
    private static let greatestSide = 32_768

    init?(argument: String) {
        let parts = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false)
        guard parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1]),
            (1...Self.greatestSide).contains(width), (1...Self.greatestSide).contains(height)
        else { return nil }
        (self.width, self.height) = (width, height)
    }

    var description: String { "\(width)x\(height)" }
    static var allValueStrings: [String] { [] }
}
