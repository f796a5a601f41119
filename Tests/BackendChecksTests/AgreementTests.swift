import BackendChecks
import Testing

/// How far a network's values are from the reference's, and when that is too far.
struct AgreementTests {
    private let zeros = [Float](repeating: 0, count: 1000)

    private func agreement(_ name: String, changing count: Int, to value: Float) -> Agreement {
        var computed = zeros
        for index in 0..<count { computed[index * 7] = value }
        return Agreement(name, expected: zeros, computed: computed)
    }

    @Test func aHundredthMayLieApart() {
        #expect(agreement("kernel0", changing: 10, to: 0.5).agreesAsFloat32)
        #expect(!agreement("kernel0", changing: 11, to: 0.5).agreesAsFloat32)
        #expect(agreement("kernel0", changing: 11, to: 0.001).agreesAsFloat32)
    }

    @Test(arguments: ["warped_t0.5", "output_t0.25"]) func framesAreHeldToPSNR(_ name: String) {
        // Ten of a thousand values 0.0177 off are 55.05 dB, 0.0179 off 54.95.
        #expect(agreement(name, changing: 10, to: 0.0177).agreesAsFloat32)
        #expect(!agreement(name, changing: 10, to: 0.0179).agreesAsFloat32)
    }

    @Test(arguments: [Float.nan, .infinity]) func whatIsNoNumberFails(_ value: Float) {
        let agreement = agreement("kernel0", changing: 1, to: value)
        #expect(!agreement.isFinite && !agreement.agreesAsFloat32, "\(agreement)")
        #expect(agreement.worstIndex == 0 && agreement.outliers == [0])
    }

    @Test func onlyEveryStrideIsCompared() {
        var computed = zeros
        computed[14] = 0.25
        computed[15] = 1
        let agreement = Agreement("flow", expected: [0, 0, 0], stride: 7, computed: computed)
        #expect(agreement.worst == 0.25 && agreement.worstIndex == 14 && agreement.outliers == [14])
        #expect(abs(agreement.shareWithinTolerance - 2.0 / 3) < 1e-12)
        #expect(abs(agreement.psnr - 16.812) < 1e-3)
    }
}
