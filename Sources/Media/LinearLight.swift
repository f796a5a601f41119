import CFFmpeg
import Foundation

/// Linear light, as EXR files hold it, on the scale that networks were trained on.
///
/// From 0 to 1 it is the curve of sRGB (IEC 61966-2-1). Linear light goes on above 1 without an end, where the scale goes on
/// as a logarithm of the same slope: sixteen times white is 2.2. Below 0 the curve is mirrored.
enum LinearLight {
    private static let slopeAtWhite: Float = 1.055 / 2.4

    static func encode(_ light: Float) -> Float {
        let magnitude = min(abs(light), .greatestFiniteMagnitude)
        let value =
            if magnitude <= 0.003_130_8 {
                12.92 * magnitude
            } else if magnitude <= 1 {
                1.055 * powf(magnitude, 1 / 2.4) - 0.055
            } else {
                1 + slopeAtWhite * logf(magnitude)
            }
        // A value that is not a number has no place on the scale.
        return light.isNaN ? 0 : light < 0 ? -value : value
    }

    static func decode(_ value: Float) -> Float {
        let magnitude = abs(value)
        let light =
            if magnitude <= 12.92 * 0.003_130_8 {
                magnitude / 12.92
            } else if magnitude <= 1 {
                powf((magnitude + 0.055) / 1.055, 2.4)
            } else {
                min(expf((magnitude - 1) / slopeAtWhite), .greatestFiniteMagnitude)
            }
        return value.isNaN ? 0 : value < 0 ? -light : light
    }
}

extension VideoFrame {
    /// Whether its values are proportional to light. Floats are where nothing else is said: EXR's decoder says nothing.
    var isLinearLight: Bool {
        let curve = pointer.pointee.color_trc
        return curve == AVCOL_TRC_LINEAR || curve == AVCOL_TRC_UNSPECIFIED && format.isFloat
    }

    /// Whether its values follow one of the curves of HDR, for which sRGB's does not stand in.
    private var isHighDynamicRange: Bool {
        [AVCOL_TRC_SMPTE2084, AVCOL_TRC_ARIB_STD_B67].contains(pointer.pointee.color_trc)
    }

    /// The curve that pictures of `format` get when they are made of this one's: floats hold linear light, and whole numbers
    /// of a linear picture sRGB's curve. nil where nothing changes.
    func curve(in format: AVPixelFormat) -> AVColorTransferCharacteristic? {
        if self.format.isFloat == format.isFloat { return nil }
        if self.format.isFloat { return isLinearLight ? AVCOL_TRC_IEC61966_2_1 : nil }
        return isLinearLight || isHighDynamicRange ? nil : AVCOL_TRC_LINEAR
    }
}

/// Converts whole pictures between linear light and sRGB's curve.
final class LightConverter {
    private let toRGB = PixelConverter()
    private let fromRGB = PixelConverter()
    private var rgb: [Float] = []

    /// Fills `result`, whose tags are set, with what `frame` shows.
    func convert(_ frame: VideoFrame, into result: VideoFrame) throws {
        let count = 3 * frame.width * frame.height
        if rgb.count != count { rgb = [Float](repeating: 0, count: count) }
        try rgb.withUnsafeMutableBufferPointer { try toRGB.convert(frame, to: $0) }
        try rgb.withUnsafeBufferPointer {
            try fromRGB.write($0, alpha: AlphaPlane.read(frame), to: result)
        }
    }
}
