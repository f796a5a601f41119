/// Options that take the place of others: where the command line gives one, a configuration's others are set aside.
///
/// Each pair is refused by the validation of the options where both come from one place.
enum ExclusiveOptions {
    private static let pairs: [(String, String)] = [
        ("factor", "fps"), ("factor", "timestep"), ("fps", "timestep"), ("factor", "slowdown"),
        ("timestep", "slowdown"), ("timestep", "start"), ("timestep", "end"), ("timestep", "frames"),
        ("timestep", "range"), ("timestep", "report"), ("timestep", "output-dir"),
        ("range", "slowdown"), ("range", "start"), ("range", "end"), ("range", "frames"),
        // It needs --slowdown, which these set aside.
        ("factor", "audio"), ("range", "audio"), ("timestep", "audio"),
        ("scene-threshold", "no-scene-detection"), ("quiet", "verbose"), ("output", "output-dir"),
        ("output-dir", "format"), ("output-dir", "report"), ("resume", "range"), ("resume", "timestep"),
    ]

    /// Names that exclude `name`.
    static func others(than name: String) -> [String] {
        pairs.compactMap { $0.0 == name ? $0.1 : $0.1 == name ? $0.0 : nil }
    }
}
