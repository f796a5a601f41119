import ArgumentParser
import Timing

/// `--fps`: a frame rate on the command line.
struct OutputRate: Hashable {
    /// Beyond the fastest displays and the usual slow-motion cameras a rate is a mistake.
    static let greatest = Rational(1000)

    let text: String
    let rate: Rational

    init(argument: String) throws {
        guard let rate = Rational(frameRate: argument), rate <= Self.greatest else {
            throw ValidationError(
                "'\(argument)' is no frame rate above 0 and up to \(Self.greatest), such as 60, 59.94 or 60000/1001"
            )
        }
        (text, self.rate) = (argument, rate)
    }
}
