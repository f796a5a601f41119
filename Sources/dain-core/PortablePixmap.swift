import Foundation
import Interpolation

/// Binary PPM images (`P6`, 8 bits), which need no library.
enum PortablePixmap {
    struct FormatError: Error, CustomStringConvertible {
        var description: String
    }

    static func read(_ path: String) throws -> RGBImage {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw FormatError(description: "\(path): cannot be read")
        }
        let bytes = [UInt8](data)
        var position = 0
        func field() throws -> String {
            func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
            while position < bytes.count {
                if bytes[position] == UInt8(ascii: "#") {
                    while position < bytes.count, bytes[position] != 10 { position += 1 }
                } else if isSpace(bytes[position]) {
                    position += 1
                } else {
                    break
                }
            }
            let start = position
            while position < bytes.count, !isSpace(bytes[position]) { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }
        guard try field() == "P6", let width = Int(try field()), let height = Int(try field()),
            try field() == "255",
            (1...65536).contains(width), (1...65536).contains(height),
            bytes.count - position - 1 >= 3 * width * height
        else { throw FormatError(description: "\(path) is no binary PPM image of 8 bits") }
        let pixels = bytes[(position + 1)...]
        let plane = width * height
        return RGBImage(width: width, height: height) { values in
            for pixel in 0..<plane {
                for channel in 0..<3 {
                    values[channel * plane + pixel] =
                        Float(pixels[pixels.startIndex + 3 * pixel + channel]) / 255
                }
            }
        }
    }

    static func write(_ image: RGBImage, to path: String) throws {
        var bytes = [UInt8]("P6\n\(image.width) \(image.height)\n255\n".utf8)
        let plane = image.width * image.height
        for pixel in 0..<plane {
            for channel in 0..<3 { bytes.append(byte(image.values[channel * plane + pixel])) }
        }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    static func byte(_ value: Float) -> UInt8 { UInt8(min(max(value * 255, 0), 255).rounded()) }
}
