import Interpolation
import Networks
import Testing

/// The geometry of tiles, and what fits into how much memory.
struct TilePlanTests {
    static let sizes = [
        (64, 64), (384, 384), (448, 384), (640, 512), (1024, 448), (1920, 1088), (3840, 2176), (8192, 64),
        (4352, 4096),
    ]

    /// Every pixel of the frame lies in some tile, and so far from that tile's edges (except the frame's own) that the tile
    /// sees everything around it.
    @Test(arguments: sizes) func everyPixelHasATileThatSeesAroundIt(_ width: Int, _ height: Int) {
        let plans = TilePlan.all(width: width, height: height)
        #expect(plans.count { $0.isWhole } == 1)
        for plan in plans {
            #expect(plan.tiles.allSatisfy { $0.columns.count * $0.rows.count == plan.tilePixels })
            for (side, pieces) in [(width, plan.tiles.map(\.columns)), (height, plan.tiles.map(\.rows))] {
                let inner = Set(pieces).map { piece in
                    let start = piece.lowerBound == 0 ? 0 : piece.lowerBound + TilePlan.margin
                    let end = piece.upperBound == side ? side : piece.upperBound - TilePlan.margin
                    return start..<end
                }.sorted { $0.lowerBound < $1.lowerBound }
                #expect(inner.first?.lowerBound == 0 && inner.last?.upperBound == side)
                for (piece, next) in zip(inner, inner.dropFirst()) {
                    // One fades into the other where both see around every pixel.
                    #expect(piece.upperBound - next.lowerBound >= TilePlan.ramp, "\(side): \(inner)")
                }
                #expect(pieces.allSatisfy { $0.lowerBound % 64 == 0 && $0.upperBound % 64 == 0 })
            }
        }
    }

    @Test func tilesAreNotLargerThanTheirFrame() {
        for plan in TilePlan.all(width: 1920, height: 1088) {
            #expect(plan.tiles.allSatisfy { $0.columns.upperBound <= 1920 && $0.rows.upperBound <= 1088 })
        }
        // Too small to cut.
        #expect(TilePlan.all(width: 384, height: 320).count == 1)
    }
}
