/// How flows that land on the same pixel are averaged.
public enum ProjectionWeighting: String, CaseIterable, Sendable {
    /// Nearer pixels weigh more (Bao et al. 2019, §3.2).
    case depthAware = "depth-aware"
    /// All weigh the same; the depth net is only run for the context it contributes.
    case plain
}
