import BackendChecks
import CPUBackend
import Foundation
import Networks
import Testing

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

    private static let networks = FormulaNetworks(CPUBackend())

    @Test func fixturesArePresent() { #expect(Self.files.count >= 5) }

    @Test(arguments: files) func everyStepAgrees(_ path: String) throws {
        let fixture = try ParityFixture(path: path)
        try expectAgreement(fixture, ParityRun(fixture, Self.networks))
    }

    /// The same with each algorithm wherever it applies, at a size that no tile divides.
    ///
    /// `DAIN_CONVOLUTION` forces one for all other tests of this suite, and so for the files of `DAIN_ORACLE`.
    @Test(arguments: ConvolutionAlgorithm.allCases)
    func everyAlgorithmAgrees(_ algorithm: ConvolutionAlgorithm) throws {
        let path = try #require(Self.files.first { $0.contains("101x71") })
        let fixture = try ParityFixture(path: path)
        // One algorithm for everything takes gigabytes of filters, and is asked for once.
        let networks = FormulaNetworks(CPUBackend(forcedAlgorithm: algorithm))
        try expectAgreement(fixture, ParityRun(fixture, networks))
    }

    private func expectAgreement(_ fixture: ParityFixture, _ run: ParityRun<CPUBackend>) throws {
        // Every entry but the two frames is compared.
        for agreement in try fixture.agreements(with: run.values) {
            if Self.isVerbose { print("\(fixture.name) \(agreement)") }
            #expect(agreement.agreesAsFloat32, "\(agreement)")
        }
    }

    /// Where a result is further away than rounding explains, a position must have rounded across a pixel border.
    ///
    /// The proof is an experiment: all flows are moved by a tenth of a thousandth of a pixel, about the rounding error of the
    /// flow net, in each diagonal direction. Where images are smooth, so small a move changes a value by less than 1e-4. A
    /// pixel that jumps by more than that has a value that hangs on a border: every outlier must be such a pixel, and they must be few.
    @Test(arguments: files) func outliersLieAtPixelBorders(_ path: String) throws {
        let fixture = try ParityFixture(path: path)
        let run = try ParityRun(fixture, Self.networks)
        var outliers: [String: [Int]] = [:]
        for agreement in try fixture.agreements(with: run.values) where !agreement.outliers.isEmpty {
            outliers[agreement.name] = agreement.outliers
        }
        if outliers.isEmpty { return }
        let nudged = try [(1, 1), (1, -1), (-1, 1), (-1, -1)].map {
            (x: Float, y: Float) in
            try ParityRun(fixture, Self.networks, nudge: (x * 1e-4, y * 1e-4))
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
