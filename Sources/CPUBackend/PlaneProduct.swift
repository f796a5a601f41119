/// The matrix product of one plane of a transformed convolution: filters `[output, input]` times tiles `[input, tile]`.
///
/// Both operands lie as the innermost loop reads them, so that nothing is packed: filters as `[output / 4][input][4]`,
/// tiles in blocks of 24, `[block][channel][24]`; the last block may have 8 or 16. The loop is the one of direct convolution:
/// four outputs of 24 tiles in twelve registers.
struct PlaneProduct: Sendable {
    /// Output channels that the innermost loop computes together.
    static let group = 4
    /// Tiles of a full block.
    static let blockWidth = Lanes24.count
    /// Input channels whose block of tiles (24 KB) stays in the first-level cache while all outputs pass over it.
    private static let channelBlock = 256

    /// Input channels that are present at once.
    let inputChannels: Int
    /// Input channels a filter group is stored with.
    let filterChannels: Int
    let groups: Int
    /// Vectors of eight tiles.
    let vectors: Int

    var outputChannels: Int { groups * Self.group }
    var blocks: Int { (vectors + 2) / 3 }

    /// Tiles of a block: 24, or what is left for the last.
    func width(_ block: Int) -> Int { 8 * min(3, vectors - 3 * block) }

    /// Computes blocks of tiles for all outputs, from `channels` of the filters, which may be fewer than the tiles have room for.
    /// Adds to the products unless the channels are the first.
    func callAsFunction(
        _ filters: UnsafePointer<Float>, _ tiles: UnsafePointer<Float>, channels: Range<Int>,
        into products: UnsafeMutablePointer<Float>, blocks: Range<Int>
    ) {
        for block in blocks {
            let input = tiles + block * Self.blockWidth * inputChannels
            let output = products + block * Self.blockWidth * outputChannels
            switch width(block) {
            case 24: run(Lanes24.self, filters, input, channels, output)
            case 16: run(Lanes16.self, filters, input, channels, output)
            default: run(Lanes8.self, filters, input, channels, output)
            }
        }
    }

    @inline(__always)
    private func run<L: Lanes>(
        _: L.Type, _ filters: UnsafePointer<Float>, _ tiles: UnsafePointer<Float>, _ channels: Range<Int>,
        _ products: UnsafeMutablePointer<Float>
    ) {
        for start in stride(from: channels.lowerBound, to: channels.upperBound, by: Self.channelBlock) {
            let count = min(Self.channelBlock, channels.upperBound - start)
            for group in 0..<groups {
                let output = products + group &* Self.group &* L.count
                var sum0 = L(repeating: 0)
                var (sum1, sum2, sum3) = (sum0, sum0, sum0)
                if start > 0 {
                    sum0 = L(loading: output)
                    sum1 = L(loading: output + L.count)
                    sum2 = L(loading: output + 2 &* L.count)
                    sum3 = L(loading: output + 3 &* L.count)
                }
                var weight = filters + (group &* filterChannels &+ start) &* Self.group
                var tile = tiles + (start &- channels.lowerBound) &* L.count
                for _ in 0..<count {
                    let input = L(loading: tile)
                    sum0.add(input, times: weight[0])
                    sum1.add(input, times: weight[1])
                    sum2.add(input, times: weight[2])
                    sum3.add(input, times: weight[3])
                    weight += Self.group
                    tile += L.count
                }
                sum0.store(to: output)
                sum1.store(to: output + L.count)
                sum2.store(to: output + 2 &* L.count)
                sum3.store(to: output + 3 &* L.count)
            }
        }
    }
}
