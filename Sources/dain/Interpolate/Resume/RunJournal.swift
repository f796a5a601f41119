import Foundation
import Media
import Timing

/// What of a run is done: written anew, at once, whenever a segment is on the disk.
struct RunJournal: Codable {
    struct Segment: Codable, Hashable {
        var file: String
        var video: VideoSegment
        /// Frames of the result, and those that the network made.
        var (frames, newFrames): (Int, Int)
        /// When its last frame ends, in seconds of the result.
        var end: ExactTime
        /// When the first frame behind it is shown, on the pipeline's clock; nil at the end of the input.
        var next: ExactTime?
    }

    /// A number of seconds as a fraction.
    struct ExactTime: Codable, Hashable {
        var value: Rational

        init(_ value: Rational) { self.value = value }

        init(from decoder: any Decoder) throws {
            let text = try decoder.singleValueContainer().decode(String.self)
            let parts = text.split(separator: "/").map { Int64($0) }
            guard let top = parts.first ?? nil, let bottom = parts.count == 2 ? parts[1] : 1, bottom > 0,
                parts.count <= 2
            else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is no fraction"))
            }
            value = Rational(top, bottom)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(value.description)
        }
    }

    static let currentVersion = 1

    var version = currentVersion
    let fingerprint: Fingerprint
    /// Of ``SegmentWriter``.
    let encoder: String
    /// The memory that frames are cut into tiles for, in bytes; nil for a GPU's without a limit of its own.
    let memoryLimit: Int?
    var segments: [Segment] = []
    /// Whether all segments are there.
    var isRendered = false
    /// Bytes of the result that was put under its name; only where that file itself cannot be marked.
    var finishedBytes: Int?

    init(fingerprint: Fingerprint, encoder: String, memoryLimit: Int?) {
        (self.fingerprint, self.encoder, self.memoryLimit) = (fingerprint, encoder, memoryLimit)
    }

    /// Frames of the result that are done.
    var frames: Int { segments.reduce(0) { $0 + $1.frames } }
    var newFrames: Int { segments.reduce(0) { $0 + $1.newFrames } }
}
