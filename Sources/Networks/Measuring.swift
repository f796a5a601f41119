import Tensors

extension Backend {
    /// Runs `body` as a stage of the backend's profile, where it has one.
    func measure<Output>(_ stage: String, _ body: () throws -> Output) rethrows -> Output {
        guard let profile else { return try body() }
        return try profile.measure(stage) {
            let output = try body()
            finish()
            return output
        }
    }
}
