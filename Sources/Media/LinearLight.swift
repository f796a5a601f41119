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
    var isLinearLight: Bool { pointer.pointee.color_trc == AVCOL_TRC_LINEAR }
}
