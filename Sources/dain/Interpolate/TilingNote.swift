import Interpolation
import Logging

/// What is said about tiles: nothing where a frame is computed in one piece.
enum TilingNote {
    static func log(_ strategy: TilingStrategy, limit: Int) {
        let plan = strategy.plan
        let memory =
            "about \(ByteCount.text(strategy.bytes)) of the \(ByteCount.text(limit)) that --max-memory allows"
        let log = Logger(label: "dain.memory")
        if plan.isWhole {
            log.debug("frames are computed in one piece: \(memory)")
            return
        }
        let tile = plan.tiles[0]
        log.notice(
            "frames are computed in \(plan.tiles.count) tiles of \(tile.columns.count)x\(tile.rows.count): \(memory)"
        )
    }
}
