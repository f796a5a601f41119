import ArgumentParser
import Timing

/// `--fps`: a frame rate on the command line.
struct OutputRate: ExpressibleByArgument, Hashable {
    /// Beyond the fastest displays and the usual slow-motion cameras a rate is a mistake.
    static let greatest = Rational(1000)

    let text: String
    let rate: Rational

    init?(argument: String) {
        guard let rate = Rational(frameRate: argument), rate <= Self.greatest else { return nil }
        (text, self.rate) = (argument, rate)
    }
}
