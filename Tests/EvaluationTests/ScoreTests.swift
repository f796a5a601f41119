import Evaluation
import Foundation
import Testing

/// The measures, against an independent implementation.
struct ScoreTests {
    struct Expected: Sendable {
        var first: RGB8Image
        var second: RGB8Image
        var ie: Double
        var psnr: Double
        var ssim: Double
    }

    /// By scikit-image 0.26.0 and NumPy 2.4.6, with the formulas of `Patterns` as `a` and `b`, arrays of [H, W, 3] bytes:
    ///
    ///     luma = lambda image: image @ numpy.array([0.299, 0.587, 0.114])
    ///     numpy.abs(a.astype(float) - b).mean()
    ///     peak_signal_noise_ratio(b, a, data_range=255)
    ///     structural_similarity(luma(a.astype(float)), luma(b.astype(float)), gaussian_weights=True, sigma=1.5,
    ///                           use_sample_covariance=False, data_range=255)
    @Test(arguments: [
        Expected(
            first: Patterns.texture(23, 17, seed: 0), second: Patterns.texture(23, 17, seed: 1),
            ie: 14.13469735720375, psnr: 17.23118663200712, ssim: 0.8377788213628568),
        Expected(
            first: Patterns.bands(40, 31, shift: 0), second: Patterns.bands(40, 31, shift: 1),
            ie: 18.721774193548388, psnr: 16.588646494065134, ssim: 0.8455407230065367),
        Expected(
            first: Patterns.bands(11, 11, shift: 0), second: Patterns.bands(11, 11, shift: 2),
            ie: 9.333333333333334, psnr: 28.236893867053944, ssim: 0.9489456623589453),
    ])
    func figuresAreThoseOfScikitImage(_ expected: Expected) throws {
        for (a, b) in [(expected.first, expected.second), (expected.second, expected.first)] {
            let score = Score(of: a, against: b)
            // Double precision throughout; only the order of the sums differs.
            #expect(abs(score.ie - expected.ie) < 1e-11)
            #expect(abs(score.psnr - expected.psnr) < 1e-11)
            #expect(abs(try #require(score.ssim) - expected.ssim) < 1e-9)
        }
    }

    @Test func oneValueInAThousandCounts() {
        let flat = Patterns.flat(20, 20, 100)
        let other = Patterns.image(20, 20) { x, y, c in x == 3 && y == 4 && c == 1 ? 112 : 100 }
        let score = Score(of: other, against: flat)
        #expect(score.ie == 12.0 / 1200)
        #expect(abs(score.psnr - 10 * log10(255 * 255 / (144.0 / 1200))) < 1e-12)
    }

    @Test func identicalPicturesAreInfinitelyNear() {
        let image = Patterns.texture(12, 12, seed: 3)
        let score = Score(of: image, against: image)
        #expect(score.ie == 0 && score.psnr == .infinity)
        #expect(abs((score.ssim ?? 0) - 1) < 1e-12)
    }

    @Test(arguments: [(10, 40), (40, 10), (1, 1)])
    func withoutRoomForTheWindowThereIsNoSSIM(_ width: Int, _ height: Int) {
        let score = Score(of: Patterns.flat(width, height, 10), against: Patterns.flat(width, height, 13))
        #expect(score.ssim == nil && score.ie == 3)
    }

    @Test func meansLeaveOutWhatIsInfiniteOrUnknown() throws {
        let mean = try #require(
            Score.mean(of: [
                Score(ie: 1, psnr: 30, ssim: 0.9), Score(ie: 0, psnr: .infinity, ssim: nil),
                Score(ie: 5, psnr: 20, ssim: 0.7),
            ]))
        #expect(mean.ie == 2 && mean.psnr == 25)
        #expect(abs((mean.ssim ?? 0) - 0.8) < 1e-12)
        let identical = Score(ie: 0, psnr: .infinity, ssim: nil)
        #expect(Score.mean(of: [identical, identical]) == identical)
        #expect(Score.mean(of: []) == nil)
    }

    @Test func jsonHasNullForWhatIsNoNumber() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let texts = try [Score(ie: 0, psnr: .infinity, ssim: nil), Score(ie: 1.5, psnr: 30.25, ssim: 0.5)].map
        {
            String(decoding: try encoder.encode($0), as: UTF8.self)
        }
        #expect(
            texts == [#"{"ie":0,"psnr":null,"ssim":null}"#, #"{"ie":1.5,"psnr":30.25,"ssim":0.5}"#])
    }

    @Test func roundingIsToTheNearestAndClips() {
        let unit: [Float] = [
            -0.2, .nan, 0.4 / 255, 0.6 / 255, 0.5, 1.7, .infinity, -.infinity, 1, 0, 100.49 / 255,
            254.51 / 255,
        ]
        let image = RGB8Image(width: 2, height: 2, rounding: unit)
        // 0.5 is 127.5, a half: to even.
        #expect(image.values == [0, 0, 0, 1, 128, 255, 255, 0, 255, 0, 100, 255])
    }

    @Test func theAverageIsWeightedByNearness() {
        let (first, second) = (Patterns.flat(2, 1, 10), Patterns.flat(2, 1, 13))
        // 11.5 to even; 10.75.
        #expect(RGB8Image.average(first, second) == Patterns.flat(2, 1, 12))
        #expect(RGB8Image.average(first, second, at: 0.25) == Patterns.flat(2, 1, 11))
        #expect(
            RGB8Image.average(Patterns.flat(1, 1, 10), Patterns.flat(1, 1, 11)) == Patterns.flat(1, 1, 10))
    }
}
