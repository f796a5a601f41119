import CUDABackend
import Networks
import Tensors
import Testing

/// The cut of large convolutions, followed in plain loops as the kernels follow it.
struct WideLayoutTests {
    private static let descriptions: [ConvolutionDescription] = [
        ConvolutionDescription(inputChannels: 40, outputChannels: 16, kernel: 7),
        ConvolutionDescription(inputChannels: 32, outputChannels: 16, kernel: 11),
        ConvolutionDescription(inputChannels: 32, outputChannels: 32, kernel: 5),
        ConvolutionDescription(inputChannels: 70, outputChannels: 64, kernel: 3, dilation: 4),
        ConvolutionDescription(inputChannels: 33, outputChannels: 128, kernel: 3),
        ConvolutionDescription(inputChannels: 33, outputChannels: 96, kernel: 3),
    ]

    @Test(arguments: descriptions, [true, false])
    func isAConvolution(_ description: ConvolutionDescription, isHalf: Bool) throws {
        let layout = try #require(WideLayout(description, isHalf: isHalf))
        let (width, height) = (10, 8)
        #expect(layout.fits(height: height, width: width))
        var generator = Fractions()
        let input = (0..<width * height * description.inputChannels).map { _ in generator.next() }
        let taps = description.kernel * description.kernel
        let weights = (0..<description.outputChannels * description.inputChannels * taps).map { _ in
            generator.next()
        }
        func value(_ x: Int, _ y: Int, _ c: Int) -> Float {
            let isInside =
                (0..<width).contains(x) && (0..<height).contains(y) && c < description.inputChannels
            return isInside ? input[(y * width + x) * description.inputChannels + c] : 0
        }
        let packed = try pack(weights, description, layout)

        var made = [Float](repeating: .nan, count: width * height * description.outputChannels)
        let (across, down, radius) = (layout.across, layout.down, description.kernel / 2)
        let firstLine = (-radius * description.dilation) >> down
        for gy in 0..<height >> down {
            for gx in 0..<width >> across {
                var sums = [Float](repeating: 0, count: layout.rows)
                for chunk in 0..<layout.chunks {
                    for column in 0..<layout.columns {
                        let dx = (column - radius) * description.dilation
                        let x = (gx + dx >> across) << across + dx & ((1 << across) - 1)
                        for row in 0..<layout.kernelRows {
                            let dy = (row - radius) * description.dilation
                            // A block's groups read lines that were brought.
                            let line = dy >> down - firstLine
                            #expect(line >= 0 && line + WideLayout.side <= layout.lines)
                            let y = (gy + dy >> down) << down + dy & ((1 << down) - 1)
                            let tap = (chunk * layout.columns + column) * layout.kernelRows + row
                            for matrixRow in 0..<layout.rows {
                                for channel in 0..<layout.channels {
                                    let place =
                                        isHalf
                                        ? (tap * layout.rows + matrixRow) * layout.channels + channel
                                        : (tap * layout.channels + channel) * layout.rows + matrixRow
                                    let factor = packed[place]
                                    if factor == 0 { continue }
                                    sums[matrixRow] += factor * value(x, y, chunk * layout.channels + channel)
                                }
                            }
                        }
                    }
                }
                for matrixRow in 0..<layout.rows {
                    let pixel = matrixRow / description.outputChannels
                    // Rows of a second matrix that no output needs.
                    if pixel >= layout.pixels { continue }
                    let x = gx << across + pixel & ((1 << across) - 1)
                    let y = gy << down + pixel >> across
                    let output = matrixRow % description.outputChannels
                    made[(y * width + x) * description.outputChannels + output] = sums[matrixRow]
                }
            }
        }

        for (x, y) in [(0, 0), (9, 7), (5, 3), (4, 6), (9, 0)] {
            for output in stride(from: 0, to: description.outputChannels, by: 5) {
                var sum: Float = 0
                for channel in 0..<description.inputChannels {
                    for row in 0..<description.kernel {
                        for column in 0..<description.kernel {
                            let weight = weights[
                                ((output * description.inputChannels + channel) * description.kernel + row)
                                    * description.kernel + column]
                            sum +=
                                weight
                                * value(
                                    x + (column - radius) * description.dilation,
                                    y + (row - radius) * description.dilation, channel)
                        }
                    }
                }
                #expect(made[(y * width + x) * description.outputChannels + output] == sum)
            }
        }
    }

    /// Every weight at its places, none of which has another.
    private func pack(_ weights: [Float], _ description: ConvolutionDescription, _ layout: WideLayout) throws
        -> [Float]
    {
        var packed = [Float](repeating: 0, count: layout.weightCount)
        var index = 0
        for output in 0..<description.outputChannels {
            for input in 0..<description.inputChannels {
                for row in 0..<description.kernel {
                    for column in 0..<description.kernel {
                        for pixel in 0..<layout.pixels {
                            let place = layout.index(output, pixel, row, column, input)
                            try #require(packed.indices.contains(place) && packed[place] == 0)
                            packed[place] = weights[index]
                        }
                        index += 1
                    }
                }
            }
        }
        return packed
    }

    @Test func theLayersOfTheNetworkFitIntoABlock() {
        var layouts = 0
        for parameters in DAINParameters.all where parameters.shape.count == 4 {
            for dilation in [1, 2, 4, 8, 16] {
                let description = ConvolutionDescription(
                    inputChannels: parameters.shape[1], outputChannels: parameters.shape[0],
                    kernel: parameters.shape[2], dilation: dilation)
                for isHalf in [true, false] {
                    guard let layout = WideLayout(description, isHalf: isHalf) else { continue }
                    layouts += 1
                    #expect(layout.sharedBytes(isSplit: false) <= WideLayout.sharedLimit)
                    #expect(layout.sharedBytes(isSplit: true) <= WideLayout.sharedLimit)
                }
            }
        }
        #expect(layouts > 100)
    }

    @Test func smallMapsOfManyChannelsAreShared() throws {
        let deep = ConvolutionDescription(inputChannels: 529, outputChannels: 32, kernel: 3)
        let layout = try #require(WideLayout(deep, isHalf: false))
        #expect(layout.tiles(height: 20, width: 16) == 1 && layout.tiles(height: 34, width: 17) == 4)
        #expect(layout.isWorthSplitting(height: 20, width: 16))
        // As many tiles as there is room for.
        #expect(!layout.isWorthSplitting(height: 512, width: 640))
        // One chunk of three columns.
        let shallow = ConvolutionDescription(inputChannels: 32, outputChannels: 64, kernel: 3)
        #expect(try !#require(WideLayout(shallow, isHalf: false)).isWorthSplitting(height: 20, width: 16))
        // Matrix units end too soon.
        #expect(try !#require(WideLayout(deep, isHalf: true)).isWorthSplitting(height: 20, width: 16))
    }

    @Test func whatNoKernelIsWrittenForIsNotTaken() {
        func layout(_ description: ConvolutionDescription) -> WideLayout? {
            WideLayout(description, isHalf: true)
        }
        #expect(layout(ConvolutionDescription(inputChannels: 64, outputChannels: 80, kernel: 3)) == nil)
        #expect(layout(ConvolutionDescription(inputChannels: 16, outputChannels: 64, kernel: 3)) == nil)
        #expect(layout(ConvolutionDescription(inputChannels: 64, outputChannels: 64, kernel: 1)) == nil)
        #expect(layout(ConvolutionDescription(inputChannels: 64, outputChannels: 64, kernel: 13)) == nil)
        #expect(
            layout(ConvolutionDescription(inputChannels: 64, outputChannels: 64, kernel: 3, stride: 2)) == nil
        )
        #expect(
            layout(ConvolutionDescription(inputChannels: 64, outputChannels: 16, kernel: 3, dilation: 2))
                == nil)
        let group = layout(ConvolutionDescription(inputChannels: 64, outputChannels: 32, kernel: 5))
        #expect(group?.fits(height: 9, width: 8) == false && group?.fits(height: 8, width: 9) == true)
    }
}

/// Small multiples of a power of two, of which sums are exact; none is zero.
private struct Fractions {
    private var state: UInt32 = 7

    mutating func next() -> Float {
        state = state &* 1_664_525 &+ 1_013_904_223
        return (Float(state >> 28) - 7.5) / 8
    }
}
