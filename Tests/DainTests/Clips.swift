import Foundation
import Media
import Timing

/// The clips that are committed, which scripts/make-clips describes.
enum Clips {
    static let folder = DainProcess.repository.appendingPathComponent("Tests/Fixtures/clips")

    static subscript(name: String) -> URL { folder.appendingPathComponent(name) }

    /// Writes a raw video (YUV4MPEG2, 4:2:0, 8 bits, limited range) whose planes are all filled by `values`.
    static func writeY4M(
        _ file: URL, width: Int, height: Int, frames: Int, rate: String = "25:1",
        luma: (_ x: Int, _ y: Int, _ frame: Int) -> UInt8, chroma: (UInt8, UInt8) = (128, 128)
    ) throws {
        var bytes = Data("YUV4MPEG2 W\(width) H\(height) F\(rate) Ip A1:1 C420mpeg2\n".utf8)
        let chromaCount = (width + 1) / 2 * ((height + 1) / 2)
        for frame in 0..<frames {
            bytes.append(Data("FRAME\n".utf8))
            for y in 0..<height { bytes.append(contentsOf: (0..<width).map { luma($0, y, frame) }) }
            bytes.append(Data(repeating: chroma.0, count: chromaCount))
            bytes.append(Data(repeating: chroma.1, count: chromaCount))
        }
        try bytes.write(to: file)
    }

    /// Writes sound of one channel (WAV, PCM of 16 bits).
    static func writeWAV(_ file: URL, rate: Int, samples: [Int16]) throws {
        func number<T: FixedWidthInteger>(_ value: T) -> Data {
            withUnsafeBytes(of: value.littleEndian) { Data($0) }
        }
        let size = UInt32(2 * samples.count)
        var bytes = Data("RIFF".utf8) + number(36 + size) + Data("WAVEfmt ".utf8) + number(UInt32(16))
        bytes += number(UInt16(1)) + number(UInt16(1)) + number(UInt32(rate)) + number(UInt32(2 * rate))
        bytes += number(UInt16(2)) + number(UInt16(16)) + Data("data".utf8) + number(size)
        for sample in samples { bytes += number(sample) }
        try bytes.write(to: file)
    }

    /// Writes an image (PPM, 8 bits) with the colours of `pixel`.
    static func writePPM(_ file: URL, width: Int, height: Int, pixel: (Int, Int) -> (UInt8, UInt8, UInt8))
        throws
    {
        var bytes = Data("P6\n\(width) \(height)\n255\n".utf8)
        for y in 0..<height {
            for x in 0..<width {
                let (red, green, blue) = pixel(x, y)
                bytes.append(contentsOf: [red, green, blue])
            }
        }
        try bytes.write(to: file)
    }

    /// A ramp that moves to the right by two pixels a frame: what two images show before and after.
    static func writeRamp(_ file: URL, frame: Int, width: Int = 64, height: Int = 48) throws {
        try writePPM(file, width: width, height: height) { x, y in
            let value = UInt8(clamping: 40 + 3 * (x - 2 * frame) + y % 7)
            return (value, UInt8(clamping: Int(value) / 2 + 30), UInt8(clamping: 220 - Int(value) / 2))
        }
    }
}

/// A decoded picture: the bytes of each of its planes, without padding.
struct Picture: Equatable {
    var time: Rational
    var duration: Rational
    var width: Int
    var height: Int
    var format: String
    var planes: [Data]

    /// All pictures of a file, in the order they are shown, as they are stored.
    static func all(of file: URL) throws -> [Picture] {
        let reader = try VideoReader(path: file.path, settings: InputSettings(deinterlaces: false))
        var pictures: [Picture] = []
        while let frame = try reader.nextFrame() {
            pictures.append(
                Picture(
                    time: frame.time, duration: frame.duration, width: frame.width, height: frame.height,
                    format: frame.pixelFormatName,
                    planes: frame.planeHeights.enumerated().map { plane, rows in
                        (0..<rows).reduce(into: Data()) { bytes, row in
                            bytes.append(contentsOf: frame.withRow(plane: plane, row) { Data($0) })
                        }
                    }))
        }
        return pictures
    }

    /// The largest difference between bytes of the same place.
    func greatestDifference(from other: Picture) -> Int {
        zip(planes.joined(), other.planes.joined()).map { abs(Int($0) - Int($1)) }.max() ?? 0
    }
}
