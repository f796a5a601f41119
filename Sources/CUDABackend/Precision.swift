/// What a GPU computes with. Flows, positions, depth, kernel taps and the colours of the blend are float32 in each, and
/// so are the sums.
public enum Precision: String, CaseIterable, Sendable {
    /// float32 throughout.
    case fp32
    /// float32, whose products the matrix units round to eleven bits.
    case tf32
    /// Features and weights in half precision.
    case fp16

    var storesHalf: Bool { self == .fp16 }
}
