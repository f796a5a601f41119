import BackendChecks
import CPUBackend
import Foundation
import Networks
import Synchronization
import Tensors
import Testing
import Weights

/// The whole network against the PyTorch reference, with weights by formula.
///
/// Besides the fixtures of this package, `DAIN_ORACLE=FOLDER` checks the files of another folder in the same format.
@Suite(.serialized) struct ParityTests {
    static let files: [String] = {
        let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/parity").path
        return ([fixtures] + (ProcessInfo.processInfo.environment["DAIN_ORACLE"].map { [$0] } ?? [])).flatMap
        {
            folder in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return names.filter { $0.hasSuffix(".safetensors") }.sorted().map { "\(folder)/\($0)" }
        }
    }()

    /// `DAIN_PARITY_VERBOSE=1` prints every comparison.
    private static let isVerbose = ProcessInfo.processInfo.environment["DAIN_PARITY_VERBOSE"] != nil

    @Test func fixturesArePresent() { #expect(Self.files.count >= 5) }

    @Test(arguments: files) func everyStepAgrees(_ path: String) throws {
        let fixture = try ParityFixture(path: path)
        try expectAgreement(fixture, ParityRun(fixture))
    }

    /// The same with each algorithm wherever it applies, at a size that no tile divides.
    ///
    /// `DAIN_CONVOLUTION` forces one for all other tests of this suite, and so for the files of `DAIN_ORACLE`.
    @Test(arguments: ConvolutionAlgorithm.allCases)
    func everyAlgorithmAgrees(_ algorithm: ConvolutionAlgorithm) throws {
        let path = try #require(Self.files.first { $0.contains("101x71") })
        let fixture = try ParityFixture(path: path)
        try expectAgreement(fixture, ParityRun(fixture, algorithm: algorithm))
    }

    private func expectAgreement(_ fixture: ParityFixture, _ run: ParityRun) throws {
        var compared = 0
        for name in fixture.entryNames {
            guard let expected = try fixture.expected(name), let computed = run.values[name] else { continue }
            let agreement = Agreement(expected, computed)
            if Self.isVerbose { print("\(fixture.name) \(agreement)") }
            #expect(agreement.shareWithinTolerance >= 0.99, "\(agreement)")
            if name.hasPrefix("warped_") || name.hasPrefix("output_") {
                #expect(agreement.psnr >= 55, "\(agreement)")
            }
            compared += 1
        }
        // Every entry but the two frames is compared.
        #expect(compared == fixture.entryNames.count - 2)
    }

    /// Where a result is further away than rounding explains, a position must have rounded across a pixel border.
    ///
    /// The proof is an experiment: all flows are moved by a tenth of a thousandth of a pixel, about the rounding error of the
    /// flow net, in each diagonal direction. Where images are smooth, so small a move changes a value by less than 1e-4. A
    /// pixel that jumps by more than that has a value that hangs on a border: every outlier must be such a pixel, and they must be few.
    @Test(arguments: files) func outliersLieAtPixelBorders(_ path: String) throws {
        let fixture = try ParityFixture(path: path)
        let run = try ParityRun(fixture)
        var outliers: [String: [Int]] = [:]
        for name in fixture.entryNames {
            guard let expected = try fixture.expected(name), let computed = run.values[name] else { continue }
            let agreement = Agreement(expected, computed)
            if !agreement.outliers.isEmpty { outliers[name] = agreement.outliers }
        }
        if outliers.isEmpty { return }
        let nudged = try [(1, 1), (1, -1), (-1, 1), (-1, -1)].map {
            (x: Float, y: Float) in
            try ParityRun(fixture, nudge: (x * 1e-4, y * 1e-4))
        }
        for (name, indices) in outliers {
            let original = try #require(run.values[name])
            let moved = try nudged.map { try #require($0.values[name]) }
            func hangsOnABorder(_ index: Int) -> Bool {
                moved.contains { abs($0[index] - original[index]) > Agreement.tolerance / 4 }
            }
            let unexplained = indices.filter { !hangsOnABorder($0) }
            let share = Double(original.indices.count(where: hangsOnABorder)) / Double(original.count)
            if Self.isVerbose {
                print("\(fixture.name) \(name): \(indices.count) outliers, \(100 * share) % hang on a border")
            }
            #expect(
                unexplained.isEmpty,
                "\(name): \(unexplained.count) of \(indices.count), first \(unexplained.prefix(3))")
            #expect(share < 0.25, "\(name): a share of \(share) explains nothing")
        }
    }
}

/// What this implementation computes for a fixture, under the names of the fixture's entries.
struct ParityRun {
    private static let networks = FormulaNetworks()

    private(set) var values: [String: [Float]] = [:]

    /// Runs the network; `nudge` is added to all flows between the frames, in pixels of the full frame.
    init(
        _ fixture: ParityFixture, nudge: (x: Float, y: Float) = (0, 0), algorithm: ConvolutionAlgorithm? = nil
    ) throws {
        let network = try Self.networks.network(seed: fixture.seed, .depthAware, algorithm)
        let backend = network.backend
        let (values0, width, height) = try fixture.frame("frame0")
        let (values1, _, _) = try fixture.frame("frame1")
        let padding = Padding(
            width: width, height: height,
            scheme: fixture.metadata("padding") == "demo-128" ? .publishedDemo : .nextMultiple)
        let shape = Shape(channels: 3, height: height, width: width)
        let first = try network.frame(Self.padded(values0, shape, padding, backend))
        let second = try network.frame(Self.padded(values1, shape, padding, backend))
        let pair = try network.pair(first, second)
        if nudge != (0, 0) {
            for flow in [pair.flow01, pair.flow10] {
                try Self.add(nudge.x / 20, to: flow.channels(0..<1), backend)
                try Self.add(nudge.y / 20, to: flow.channels(1..<2), backend)
            }
        }

        func keep(_ name: String, _ tensor: CPUTensor?) throws {
            values[name] = try Self.download(#require(tensor), backend)
        }
        try keep("log_depth0", first.logDepth)
        try keep("log_depth1", second.logDepth)
        try keep("context0_block3_first8", first.context?.channels(128..<136))
        try keep("flow01_quarter", pair.flow01)
        try keep("flow10_quarter", pair.flow10)
        try keep("kernel0", pair.kernel0)
        try keep("kernel1", pair.kernel1)
        let times = fixture.entryNames.filter { $0.hasPrefix("output_t") }.map { $0.dropFirst(8) }.sorted()
        for time in times {
            let result = try network.interpolate(pair, at: #require(Float(time)))
            try keep("projected_flow0", result.flow0)
            try keep("projected_flow1", result.flow1)
            values["warped_t\(time)"] = try Self.cropped(result.blend, shape, padding, backend)
            values["output_t\(time)"] = try Self.cropped(result.output, shape, padding, backend)
        }
        if fixture.entryNames.contains("plain_projected_flow0") {
            let plain = try Self.networks.network(seed: fixture.seed, .plain)
            let pair = try plain.pair(plain.frame(first.image), plain.frame(second.image))
            let result = try plain.interpolate(pair, at: #require(times.last.flatMap { Float($0) }))
            try keep("plain_projected_flow0", result.flow0)
            try keep("plain_projected_flow1", result.flow1)
        }
    }

    private static func padded(_ values: [Float], _ shape: Shape, _ padding: Padding, _ backend: CPUBackend)
        throws
        -> CPUTensor
    {
        let image = try backend.makeTensor(shape)
        try values.withUnsafeBufferPointer { try backend.upload($0, to: image) }
        let padded = try backend.makeTensor(
            Shape(
                channels: 3, height: shape.height + padding.top + padding.bottom,
                width: shape.width + padding.left + padding.right))
        backend.padReplicating(image, left: padding.left, top: padding.top, into: padded)
        return padded
    }

    private static func cropped(
        _ tensor: CPUTensor, _ shape: Shape, _ padding: Padding, _ backend: CPUBackend
    ) throws
        -> [Float]
    {
        let image = try backend.makeTensor(shape)
        backend.crop(tensor, left: padding.left, top: padding.top, into: image)
        return try download(image, backend)
    }

    private static func add(_ offset: Float, to tensor: CPUTensor, _ backend: CPUBackend) throws {
        let moved = try download(tensor, backend).map { $0 + offset }
        try moved.withUnsafeBufferPointer { try backend.upload($0, to: tensor) }
    }

    private static func download(_ tensor: CPUTensor, _ backend: CPUBackend) throws -> [Float] {
        var values = [Float](repeating: .nan, count: tensor.shape.count)
        try values.withUnsafeMutableBufferPointer { try backend.download(tensor, to: $0) }
        return values
    }
}

/// Networks with formula weights, made once for each seed: 24 million values take a while.
private final class FormulaNetworks: Sendable {
    private let made = Mutex<[String: DAIN<CPUBackend>]>([:])

    func network(
        seed: UInt64, _ projection: DAIN<CPUBackend>.Projection, _ algorithm: ConvolutionAlgorithm? = nil
    ) throws -> DAIN<CPUBackend> {
        try made.withLock { made in
            let key = "\(seed) \(projection)"
            if algorithm == nil, let network = made[key] { return network }
            let network = try DAIN(
                weights: FormulaWeights.dain(seed: seed), backend: CPUBackend(forcedAlgorithm: algorithm),
                projection: projection, rectification: .always)
            // One algorithm for everything takes gigabytes of filters, and is asked for once.
            if algorithm == nil { made[key] = network }
            return network
        }
    }
}
