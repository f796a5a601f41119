import BackendChecks
import CPUBackend
import Foundation
import Interpolation
import Media
import Networks
import Pixels
import ReferenceBackend
import Synchronization
import Tensors
import Testing
import Timing

/// Frames that go to the backend and come back as samples, against those that go and come as RGB.
@Suite(.serialized) struct SampleFlowTests {
    private static let converting = Result { try network(ConvertingBackend()) }
    private static let plain = Result { try network(CPUBackend(threads: 2)) }

    private static func network<B: Backend>(_ backend: B) throws -> DAIN<B> {
        try DAIN(weights: FormulaWeights.dain(seed: 1), backend: backend, rectification: .never)
    }

    private let converting: DAIN<ConvertingBackend>
    private let plain: DAIN<CPUBackend>
    private var counts: ConvertingBackend.Counts { converting.backend.counts }

    init() throws {
        (converting, plain) = (try Self.converting.get(), try Self.plain.get())
        counts.reset()
    }

    /// New frames of a network; samples go to those that take them.
    private func run<B: Backend>(
        _ frames: [VideoFrame], by network: DAIN<B>, _ rate: Timeline.Rate = .factor(2),
        memoryLimit: Int? = nil, converter: FrameConverter = FrameConverter()
    ) throws -> [VideoFrame] {
        let sink = Sink()
        let pipeline = Pipeline(
            interpolator: DAINInterpolator(network: network, memoryLimit: memoryLimit), converter: converter,
            rate: rate, scenes: SceneSettings(cutThreshold: nil))
        _ = try pipeline.run(from: Source(frames), to: sink)
        return sink.frames.withLock(\.self)
    }

    /// A moving pattern that goes beyond black and white in limited range.
    private func frames(
        _ format: String, _ size: (Int, Int), isFullRange: Bool = false, location: String = "left",
        count: Int = 3
    ) throws -> [VideoFrame] {
        let isDeep = format.hasSuffix("10le")
        let (w, h) = size
        let chroma = (
            format.hasPrefix("yuv444") ? w : (w + 1) / 2, format.hasPrefix("yuv420") ? (h + 1) / 2 : h
        )
        return try (0..<count).map { n in
            var codes: [Int] = []
            for (plane, size) in [(w, h), chroma, chroma].enumerated() {
                for y in 0..<size.1 {
                    for x in 0..<size.0 {
                        let phase = 0.4 * Double(x - 2 * n) + 0.2 * Double(y) + Double(plane)
                        let code = 128 + (plane == 0 ? 125 : 60) * sin(phase)
                        codes.append(Int(isDeep ? 4 * code : code))
                    }
                }
            }
            return try VideoFrame(
                width: w, height: h, pixelFormat: format,
                colours: ColourTags(matrix: "bt709", chromaLocation: location, isFullRange: isFullRange),
                bytes: isDeep ? codes.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] } : codes.map { UInt8($0) })
        }
    }

    private func codes(_ frame: VideoFrame) -> [Int] {
        let bytes = frame.bytes.map { Int($0) }
        guard frame.pixelFormatName.hasSuffix("10le") else { return bytes }
        return stride(from: 0, to: bytes.count, by: 2).map { bytes[$0] + 256 * bytes[$0 + 1] }
    }

    private func worst(_ first: [VideoFrame], _ second: [VideoFrame]) -> Int {
        guard first.count == second.count else { return .max }
        return zip(first, second).map { first, second in
            guard first.pixelFormatName == second.pixelFormatName, first.colours == second.colours,
                first.bytes.count == second.bytes.count
            else { return Int.max }
            return zip(codes(first), codes(second)).map { abs($0 - $1) }.max() ?? 0
        }.max() ?? 0
    }

    @Test(
        arguments: ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le"],
        [false, true])
    func framesAreThoseOfTheConverter(_ format: String, _ isFullRange: Bool) throws {
        let source = try frames(
            format, (33, 17), isFullRange: isFullRange, location: isFullRange ? "center" : "topleft")
        let made = try run(source, by: converting, .factor(3))
        let expected = try run(source, by: plain, .factor(3))
        #expect(made.count == 9 && worst(made, expected) <= 1)
        // Each frame was sent once, each new one fetched once, and nothing as RGB.
        #expect(counts.samplesUploaded.load(ordering: .relaxed) == 3)
        #expect(counts.samplesDownloaded.load(ordering: .relaxed) == 4)
        #expect(counts.valuesUploaded.load(ordering: .relaxed) == 0)
        for index in 0..<3 { #expect(made[3 * index] === source[index], "originals pass untouched") }
        #expect(made[1].bytes != made[0].bytes)
    }

    /// What lies beyond black and white in the neighbours may lie there in new frames, and nothing beyond that.
    @Test func theReachIsThatOfTheNeighbours() throws {
        for levels in [[16, 235], [8, 250], [60, 200]] {
            let source = try (0..<2).map { n in
                let luma = (0..<256).map { (index: Int) -> UInt8 in UInt8(levels[(index / 3 + n) % 2]) }
                return try VideoFrame(
                    width: 16, height: 16, pixelFormat: "yuv444p",
                    colours: ColourTags(matrix: "bt709", isFullRange: false),
                    bytes: luma + [UInt8](repeating: 128, count: 512))
            }
            let made = try run(source, by: converting)
            let expected = try run(source, by: plain)
            #expect(worst(made, expected) <= 1)
            let luma = made[1].bytes.prefix(256)
            #expect((luma.min() ?? 0) >= min(16, levels[0]) && (luma.max() ?? 255) <= max(235, levels[1]))
        }
    }

    /// Samples of others come as RGB, and go as RGB.
    @Test(arguments: ["rgb24", "gray", "yuyv422", "yuva420p"]) func otherFormatsGoAsRGB(_ format: String)
        throws
    {
        let count = ["rgb24": 768, "gray": 256, "yuyv422": 512, "yuva420p": 640][format]!
        let source = try (0..<2).map { n in
            let bytes = (0..<count).map { (index: Int) -> UInt8 in UInt8(40 + (index * 7 + 20 * n) % 160) }
            return try VideoFrame(width: 16, height: 16, pixelFormat: format, bytes: bytes)
        }
        let made = try run(source, by: converting)
        let expected = try run(source, by: plain)
        #expect(made.count == 4 && worst(made, expected) == 0)
        #expect(counts.samplesUploaded.load(ordering: .relaxed) == 0)
        #expect(counts.samplesDownloaded.load(ordering: .relaxed) == 0)
    }

    /// In tiles frames are sent as samples, and new ones are put together from RGB.
    @Test func tilesComeBackAsRGB() throws {
        let source = try frames("yuv420p", (640, 48), count: 2)
        let limit = DAINInterpolator(network: converting).leastMemory(width: 640, height: 48)
        let tiling = DAINInterpolator(network: converting, memoryLimit: limit)
        #expect(try !tiling.strategy(width: 640, height: 48).plan.isWhole)
        let made = try run(source, by: converting, memoryLimit: limit)
        let expected = try run(source, by: plain, memoryLimit: limit)
        #expect(made.count == 4 && worst(made, expected) <= 1)
        #expect(counts.samplesUploaded.load(ordering: .relaxed) == 2)
        #expect(counts.samplesDownloaded.load(ordering: .relaxed) == 0)
    }

    /// New frames are like the first of the two they lie between, where tags change on the way.
    @Test func tagsMayChange() throws {
        let source =
            try frames("yuv420p", (32, 16), count: 2)
            + frames("yuv420p", (32, 16), isFullRange: true, location: "center", count: 4).suffix(2)
        let made = try run(source, by: converting)
        let expected = try run(source, by: plain)
        #expect(worst(made, expected) <= 1)
        #expect(made.map(\.colours.isFullRange) == [false, false, false, false, true, true, true, true])
        #expect(counts.samplesDownloaded.load(ordering: .relaxed) == 3)
    }

    /// Repeats that are tagged differently are one picture to the network, and each keeps its own format.
    @Test func repeatsKeepTheirTags() throws {
        func grey(_ level: UInt8, _ location: String) throws -> VideoFrame {
            try VideoFrame(
                width: 16, height: 16, pixelFormat: "yuv420p",
                colours: ColourTags(matrix: "bt709", chromaLocation: location, isFullRange: false),
                bytes: [UInt8](repeating: level, count: 256) + [UInt8](repeating: 128, count: 128))
        }
        let source = [try grey(60, "left"), try grey(60, "topleft"), try grey(160, "center")]
        let made = try run(source, by: converting)
        #expect(worst(made, try run(source, by: plain)) <= 1)
        #expect(
            made.map(\.colours.chromaLocation) == ["left", "left", "topleft", "topleft", "center", "center"])
        #expect(counts.samplesUploaded.load(ordering: .relaxed) == 2)
    }

    /// Whoever asks for RGB gets it, from frames that came as samples too.
    @Test func interpolateIsRGB() throws {
        let converter = FrameConverter()
        let source = try frames("yuv420p", (33, 17), count: 2)
        func made<B: Backend>(by network: DAIN<B>, samples: (Bool, Bool)) throws -> (
            RGBImage, isSamples: Bool
        ) {
            let interpolator = DAINInterpolator(network: network)
            let images = try zip(source, [samples.0, samples.1]).map { frame, wanted in
                var image = try converter.image(of: frame)
                if wanted { image.samples = converter.samples(of: frame) }
                return image
            }
            let pair = try interpolator.prepare(
                interpolator.prepare(images[0]), interpolator.prepare(images[1]))
            let format = try #require(converter.samples(of: source[0])?.format)
            let pending = try interpolator.begin(pair, at: 0.5, as: format)
            return (try interpolator.interpolate(pair, at: 0.5), pending != nil)
        }
        let expected = try made(by: plain, samples: (true, true))
        #expect(!expected.isSamples)
        for samples in [(true, true), (true, false), (false, true), (false, false)] {
            let image = try made(by: converting, samples: samples)
            #expect(image.isSamples == (samples.0 && samples.1), "\(samples)")
            #expect(image.0.values == expected.0.values, "\(samples)")
        }
    }

    /// Machines that do not convert are spared the samples.
    @Test func samplesAreNotTakenInVain() throws {
        let converter = FrameConverter()
        _ = try run(frames("yuv420p", (16, 16)), by: plain, converter: converter)
        #expect(converter.samplesAsked.load(ordering: .relaxed) == 0)
        _ = try run(frames("yuv420p", (16, 16)), by: converting, converter: converter)
        #expect(converter.samplesAsked.load(ordering: .relaxed) == 3)
    }
}

/// As the program's. Samples become RGB by the reference, whose floats are those of the backend to the last bit: what the
/// last bit becomes on its way through a network of weights by formula may be seen.
private final class FrameConverter: PictureConverter, @unchecked Sendable {
    private let toRGB = PixelConverter()
    private let fromRGB = PixelConverter()
    let samplesAsked = Atomic(0)

    func image(of picture: VideoFrame) throws -> RGBImage {
        var image = try RGBImage(width: picture.width, height: picture.height) { values in
            if let samples = toRGB.samples(of: picture) {
                _ = values.update(fromContentsOf: ReferenceSamples.rgb(of: samples))
            } else {
                try toRGB.convert(picture, to: values)
            }
        }
        image.alpha = toRGB.alpha(of: picture)
        return image
    }

    func picture(showing image: RGBImage, between first: VideoFrame, and second: VideoFrame, at t: Float)
        throws -> VideoFrame
    {
        try image.values.withUnsafeBufferPointer {
            try fromRGB.frame(showing: $0, alpha: image.alpha, between: first, and: second, at: t)
        }
    }

    func samples(of picture: VideoFrame) -> SamplePlanes? {
        samplesAsked.add(1, ordering: .relaxed)
        return toRGB.samples(of: picture)
    }

    func picture(holding samples: SamplePlanes, like model: VideoFrame) throws -> VideoFrame {
        try fromRGB.frame(holding: samples, like: model)
    }
}

private final class Source: FrameSource {
    private let frames: [VideoFrame]
    private let index = Atomic(0)

    init(_ frames: [VideoFrame]) { self.frames = frames }

    func next() -> TimedPicture<VideoFrame>? {
        let index = index.add(1, ordering: .relaxed).oldValue
        guard index < frames.count else { return nil }
        return TimedPicture(
            picture: frames[index],
            time: Timeline.SourceFrame(time: Rational(Int64(index), 25), duration: Rational(1, 25)))
    }
}

private final class Sink: FrameSink {
    let frames = Mutex<[VideoFrame]>([])

    func write(_ picture: VideoFrame, at _: Rational, duration _: Rational) {
        frames.withLock { $0.append(picture) }
    }
}
