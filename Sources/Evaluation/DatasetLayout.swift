/// How a benchmark names the files of a sequence: two frames, and the true one between them.
public enum DatasetLayout: String, Sendable, CaseIterable {
    case middlebury = "Middlebury"
    case ucf101 = "UCF101"
    case vimeo90k = "Vimeo-90K"

    /// The names of the frames without their ending, in the order they are shown; the one in the middle is the truth.
    public var frames: (first: String, truth: String, second: String) {
        switch self {
        case .middlebury: ("frame10", "frame10i11", "frame11")
        case .ucf101: ("frame_00", "frame_01_gt", "frame_02")
        case .vimeo90k: ("im1", "im2", "im3")
        }
    }

    /// All layouts, for people.
    public static var summary: String {
        allCases.map { layout in
            let (first, truth, second) = layout.frames
            return "\(layout.rawValue) NAME/\(first).png \(second).png \(truth).png"
        }.joined(separator: ", ")
    }

    /// Endings of the lossless formats that copies of the benchmarks have.
    static let endings = ["png", "webp"]

    /// The file names that belong to a frame.
    static func names(_ frame: String) -> [String] { endings.map { "\(frame).\($0)" } }
}
