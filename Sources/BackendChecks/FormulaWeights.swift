import Networks
import Weights

/// Weights by formula: every value is a function of seed, key and index, so that no file is needed.
///
/// `scripts/reference/formula_weights.py` holds the same formula for PyTorch; the parity fixtures were computed with it.
public enum FormulaWeights {
    public static func dain(seed: UInt64) -> WeightDictionary {
        let entries = DAINParameters.all.filter { !$0.isOptional }.map { parameter in
            (key: parameter.key, tensor: tensor(parameter.key, parameter.shape, seed: seed))
        }
        guard let weights = WeightDictionary(entries) else {
            preconditionFailure("a parameter is listed twice")
        }
        return weights
    }

    private static func tensor(_ key: String, _ shape: [Int], seed: UInt64) -> WeightTensor {
        let (low, high) = bounds(key, shape)
        let count = shape.reduce(1, *)
        let base = fnv1a(key) &+ seed &* 0x9E37_79B9_7F4A_7C15
        let values = (0..<count).map { index -> Float in
            let unit = Float(mix(base &+ UInt64(index) &+ 1) >> 40) / Float(1 << 24)
            return low + (high - low) * unit
        }
        return WeightTensor(shape: shape, values: values)
    }

    /// 64-bit FNV-1a.
    private static func fnv1a(_ key: String) -> UInt64 {
        key.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// The finaliser of SplitMix64.
    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// The range of a tensor, chosen so that activations, flows and depths have realistic sizes.
    private static func bounds(_ key: String, _ shape: [Int]) -> (Float, Float) {
        if key.hasSuffix("running_mean") { return (-0.1, 0.1) }
        if key.hasSuffix("running_var") || key == "depthNet.1.weight" { return (0.5, 1.5) }
        if shape.count == 1 { return (-0.05, 0.05) }
        let isTransposed = key.contains("deconv") || key.contains("upfeat")
        let fanIn = isTransposed ? Double(shape[0]) * 16 / 4 : Double(shape[1] * shape[2] * shape[3])
        var gain = 1.375
        if key.contains("predict_flow") || key.contains("dc_conv7") || key == "depthNet.4.weight" {
            gain = 2
        } else if key.hasPrefix("initScaleNets") {
            gain = 1
        } else if key.hasPrefix("rectifyNet.block5") {
            gain = 0.05
        }
        let bound = Float(gain * (3 / fanIn).squareRoot())
        return (-bound, bound)
    }
}
