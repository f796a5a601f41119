import Interpolation
import Logging

/// What is said about tiles: nothing where a frame is computed in one piece.
enum TilingNote {
    /// - Parameter limit: nil for a GPU's memory without a limit of its own.
    static func log(_ strategy: TilingStrategy, limit: Int?) {
        let plan = strategy.plan
        let memory = memory(strategy.bytes, limit)
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

    static func memory(_ bytes: Int, _ limit: Int?) -> String {
        let part = limit.map { "the \(ByteCount.text($0)) that --max-memory allows" } ?? "the GPU's memory"
        return "about \(ByteCount.text(bytes)) of \(part)"
    }
}
