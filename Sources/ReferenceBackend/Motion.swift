import Tensors

extension ReferenceBackend {
    public func correlate(_ first: ReferenceTensor, _ second: ReferenceTensor, into output: ReferenceTensor) {
        output.fill { displacement, y, x in
            let (dy, dx) = (displacement / 9 - 4, displacement % 9 - 4)
            var sum = 0.0
            for channel in 0..<first.shape.channels {
                sum += Double(first[channel, y, x]) * Double(second.padded(channel, y + dy, x + dx))
            }
            let mean = sum / Double(first.shape.channels)
            return Float(mean >= 0 ? mean : 0.1 * mean)
        }
    }

    public func warpBackward(
        _ input: ReferenceTensor, by flow: ReferenceTensor, scale: Float, into output: ReferenceTensor
    ) {
        output.fill { channel, y, x in
            let sourceX = Float(x) + flow[0, y, x] * scale
            let sourceY = Float(y) + flow[1, y, x] * scale
            // Far outside, where a conversion to an integer could overflow, nothing is covered.
            guard abs(sourceX) < 1e6, abs(sourceY) < 1e6 else { return 0 }
            let (left, top) = (Int(sourceX.rounded(.down)), Int(sourceY.rounded(.down)))
            let (fx, fy) = (sourceX - Float(left), sourceY - Float(top))
            var (value, coverage) = (Float(0), Float(0))
            for (dy, weightY) in [(0, 1 - fy), (1, fy)] {
                for (dx, weightX) in [(0, 1 - fx), (1, fx)] where input.contains(top + dy, left + dx) {
                    value += input[channel, top + dy, left + dx] * weightX * weightY
                    coverage += weightX * weightY
                }
            }
            return coverage >= 0.9999 ? value : 0
        }
    }

    public func projectFlow(_ flow: ReferenceTensor, weights: ReferenceTensor?, into output: ReferenceTensor)
    {
        let (width, height) = (flow.shape.width, flow.shape.height)
        let count = makeTensor(flow.shape.with(channels: 1))
        let sum = makeTensor(flow.shape)
        count.fill { _, _, _ in 0 }
        sum.fill { _, _, _ in 0 }
        for y in 0..<height {
            for x in 0..<width {
                let (targetX, targetY) = (Float(x) + flow[0, y, x], Float(y) + flow[1, y, x])
                guard targetX >= 0, targetY >= 0, targetX <= Float(width - 1), targetY <= Float(height - 1)
                else { continue }
                let weight = weights?[0, y, x] ?? 1
                for dy in 0..<2 {
                    for dx in 0..<2 {
                        let (row, column) = (
                            min(Int(targetY) + dy, height - 1), min(Int(targetX) + dx, width - 1)
                        )
                        sum[0, row, column] -= weight * flow[0, y, x]
                        sum[1, row, column] -= weight * flow[1, y, x]
                        count[0, row, column] += weight
                    }
                }
            }
        }
        output.fill { channel, y, x in
            func value(_ y: Int, _ x: Int) -> Float { sum[channel, y, x] / count[0, y, x] }
            if count[0, y, x] > 0 { return value(y, x) }
            let neighbours = [
                stride(from: x, through: 0, by: -1).first { count[0, y, $0] > 0 }.map { value(y, $0) },
                (x..<width).first { count[0, y, $0] > 0 }.map { value(y, $0) },
                stride(from: y, through: 0, by: -1).first { count[0, $0, x] > 0 }.map { value($0, x) },
                (y..<height).first { count[0, $0, x] > 0 }.map { value($0, x) },
            ].compactMap(\.self)
            return neighbours.isEmpty ? 0 : neighbours.reduce(0, +) / Float(neighbours.count)
        }
    }

    public func warpAdaptively(
        _ input: ReferenceTensor, by flow: ReferenceTensor, taps: ReferenceTensor, rows: Range<Int>,
        into output: ReferenceTensor
    ) {
        let (width, height) = (input.shape.width, input.shape.height)
        output.fill { channel, line, x in
            let y = rows.lowerBound + line
            let (flowX, flowY) = (flow[0, y, x], flow[1, y, x])
            let (targetX, targetY) = (Float(x) + flowX, Float(y) + flowY)
            guard targetX >= 0, targetY >= 0, targetX <= Float(width - 1), targetY <= Float(height - 1),
                abs(flowX) < Float(width) / 2, abs(flowY) < Float(height) / 2
            else { return input[channel, y, x] }
            let (left, top) = (Int(targetX), Int(targetY))
            let (alpha, beta) = (Double(targetX) - Double(left), Double(targetY) - Double(top))
            var sum = 0.0
            for j in 0..<4 {
                for i in 0..<4 {
                    let vertical = j < 2 ? 1 - beta : beta
                    let horizontal = i < 2 ? 1 - alpha : alpha
                    let row = min(max(top - 1 + j, 0), height - 1)
                    let column = min(max(left - 1 + i, 0), width - 1)
                    sum +=
                        Double(taps[4 * j + i, y, x]) * vertical * horizontal
                        * Double(input[channel, row, column])
                }
            }
            return Float(sum)
        }
    }
}
