/// How much of a transformed convolution is in flight at once: tiles in bands, and a band's input channels in blocks.
///
/// Transformed values are several times the size of the feature maps. They should stay in the last-level cache until they are
/// used, and must not take memory in proportion to the frame.
struct BandPlan: Sendable {
    /// Values in flight for each thread where bands are shared out, meant to stay in the second-level cache as far as it goes.
    private static let localBudget = 768 * 1024
    /// Values in flight where the steps of a band are shared out, meant to stay in the last-level cache.
    private static let sharedBudget = 4 * 1_048_576
    /// Then a band's least number of vectors of tiles. The filters are read once a band: with fewer tiles, that would cost more
    /// than the products.
    private static let minimumVectors = 18
    /// And a block's least number of channels. Each block reads and writes the sums of products again.
    private static let minimumChannels = 216

    /// Whether each band is one thread's work. Nothing waits then, and tiles stay in that thread's cache. It needs
    /// enough bands, and filters small enough to be read for each.
    let isSharedOut: Bool
    let bands: Int
    let vectorsPerBand: Int
    let channelsPerBlock: Int

    init(tiles: Int, planes: Int, inputChannels: Int, outputChannels: Int, threads: Int) {
        let vectors = (tiles + 7) / 8
        let perVector = 8 * planes * (inputChannels + outputChannels)
        let local = Self.localBudget / perVector
        isSharedOut = local >= 2 && vectors >= 8 * threads
        if isSharedOut {
            vectorsPerBand = local == 2 ? 2 : local / 3 * 3
            bands = (vectors + vectorsPerBand - 1) / vectorsPerBand
            channelsPerBlock = inputChannels
            return
        }
        let limit = max(Self.minimumVectors, Self.sharedBudget / perVector / 3 * 3)
        // Bands of equal size, in whole blocks of three vectors where there are several.
        let wanted = (vectors + limit - 1) / limit
        let even = (vectors + wanted - 1) / wanted
        vectorsPerBand = wanted == 1 ? even : (even + 2) / 3 * 3
        bands = (vectors + vectorsPerBand - 1) / vectorsPerBand

        let perChannel = 8 * planes * vectorsPerBand
        let room = max(Self.minimumChannels, Self.sharedBudget / perChannel - outputChannels)
        let blocks = (inputChannels + room - 1) / room
        channelsPerBlock = (inputChannels + blocks - 1) / blocks
    }
}

/// The items of a step that goes over all channels of all blocks of tiles: some channels of one block each.
struct Items: Sendable {
    private let channels: Range<Int>
    private let channelsPerItem: Int
    private let parts: Int
    let count: Int

    init(blocks: Int, channels: Range<Int>) {
        self.channels = channels
        channelsPerItem = max(2, min(16, channels.count / 8))
        parts = (channels.count + channelsPerItem - 1) / channelsPerItem
        count = blocks * parts
    }

    subscript(item: Int) -> (block: Int, channels: Range<Int>) {
        let (block, part) = item.quotientAndRemainder(dividingBy: parts)
        let first = channels.lowerBound + part * channelsPerItem
        return (block, first..<min(channels.upperBound, first + channelsPerItem))
    }
}
