import Networks

/// How a frame size is computed within a limit of memory: in which tiles, and what is kept from one pair to the next.
public struct TilingStrategy: Hashable, Sendable {
    /// What is kept of a frame until its second pair.
    public enum Kept: Hashable, Sendable {
        /// All of it: the frame is one tile.
        case everything
        /// Depth and flow features; the context is made again for each new frame.
        case features
        /// The picture alone: depth and flow features are made again for each new frame, too.
        case picture
    }

    public let plan: TilePlan
    public let kept: Kept
    /// What the process is expected to occupy at most, in bytes.
    public let bytes: Int

    /// Below this size tiles are mostly overlap, and giving up what is kept is the lesser evil.
    private static let comfortablePixels = 512 * 512
    /// Pictures on their way through the pipeline, its decoder and its encoder, in bytes for each pixel: nine of float RGB,
    /// as many decoded, and what an encoder looks ahead.
    private static let pictureBytes = 250
    /// Frames that are known at once.
    private static let frames = 3
    /// The program and its libraries.
    private static let programBytes = 80 << 20

    /// The fastest way to compute frames of a padded size within `limit` bytes; one tile where there is no limit.
    ///
    /// Throws ``MemoryLimitError`` where nothing fits.
    static func choose(width: Int, height: Int, limit: Int?, need: MemoryNeed) throws -> TilingStrategy {
        let all = candidates(width: width, height: height, need: need)
        guard let limit else { return all[0] }
        let fitting = all.filter { $0.bytes <= limit }
        let comfortable = fitting.filter {
            $0.kept == .everything || $0.kept == .features && $0.plan.tilePixels >= comfortablePixels
        }
        let pool = comfortable.isEmpty ? fitting : comfortable
        guard let best = pool.min(by: { $0.plan.computedPixels < $1.plan.computedPixels }) else {
            throw MemoryLimitError(limit: limit, needed: least(width: width, height: height, need: need))
        }
        return best
    }

    /// The smallest limit that anything fits into, in bytes.
    static func least(width: Int, height: Int, need: MemoryNeed) -> Int {
        candidates(width: width, height: height, need: need).map(\.bytes).min() ?? 0
    }

    static func isPossible(width: Int, height: Int, limit: Int, need: MemoryNeed) -> Bool {
        candidates(width: width, height: height, need: need).contains { $0.bytes <= limit }
    }

    /// Everything that can be done, the whole frame first.
    private static func candidates(width: Int, height: Int, need: MemoryNeed) -> [TilingStrategy] {
        let pixels = width * height
        let base = programBytes + need.fixed + pixels * pictureBytes
        let whole = TilingStrategy(
            plan: TilePlan(width: width, height: height), kept: .everything,
            bytes: base + need.newFrame(width: width, height: height))
        let plans = TilePlan.all(width: width, height: height).filter { !$0.isWhole }
        return [whole]
            + [Kept.features, .picture].flatMap { kept in
                plans.map { plan in
                    // A frame's padded picture stays; its features take their tiles' overlaps, too.
                    let known = kept == .features ? need.frame(pixels: plan.computedPixels) : 12 * pixels
                    let tile = plan.tiles[0]
                    return TilingStrategy(
                        plan: plan, kept: kept,
                        bytes: base + frames * known
                            + need.newFrame(width: tile.columns.count, height: tile.rows.count))
                }
            }
    }
}

/// A limit of memory that no choice of tiles keeps to.
public struct MemoryLimitError: Error, Equatable, CustomStringConvertible {
    public let limit: Int
    /// What the smallest tiles need.
    public let needed: Int

    public init(limit: Int, needed: Int) { (self.limit, self.needed) = (limit, needed) }

    public var description: String {
        // Rounded up, so that what is named is enough.
        "frames of this size need at least \(ByteCount.mebibytes(needed)) MiB of memory, and \(ByteCount.text(limit)) are allowed"
    }
}

/// Sizes of memory as people read them.
public enum ByteCount {
    /// So many MiB hold them.
    public static func mebibytes(_ bytes: Int) -> Int { (bytes + (1 << 20) - 1) >> 20 }

    public static func text(_ bytes: Int) -> String {
        let mebibytes = bytes >> 20
        if mebibytes < 1024 { return "\(mebibytes) MiB" }
        let tenths = (mebibytes * 10 + 512) / 1024
        return "\(tenths / 10).\(tenths % 10) GiB"
    }
}
