import Foundation
import Testing

/// Old and new frames have the same colours.
struct ColourTests {
    /// Flat frames stay flat, and new ones have their colour: to one code value, which is what the network's own
    /// arithmetic and two roundings may cost.
    @Test(arguments: [
        (luma: UInt8(16), chroma: (UInt8(128), UInt8(128))), (235, (128, 128)), (81, (90, 240)),
        (145, (54, 34)),
        (41, (240, 110)), (126, (140, 120)),
    ])
    func aFlatColourStaysTheSame(luma: UInt8, chroma: (UInt8, UInt8)) async throws {
        let folder = try TemporaryFolder()
        try Clips.writeY4M(
            folder["flat.y4m"], width: 64, height: 48, frames: 2, luma: { _, _, _ in luma }, chroma: chroma)
        let result = try await DainProcess.run([
            "interpolate", folder["flat.y4m"].path, "--codec", "ffv1", "-o", folder["out.mkv"].path,
        ])
        #expect(result.exitCode == 0, "\(result)")
        let pictures = try Picture.all(of: folder["out.mkv"])
        #expect(pictures.count == 4)
        let expected = [luma, chroma.0, chroma.1]
        for (index, picture) in pictures.enumerated() {
            for (plane, value) in zip(picture.planes, expected) {
                let worst = plane.map { abs(Int($0) - Int(value)) }.max() ?? 255
                #expect(worst <= (index == 1 ? 1 : 0), "frame \(index), value \(value)")
            }
        }
    }
}
