import CCUDA
import Tensors

/// Measures single kernels and convolutions on the GPU, for profiles: each is repeated as a graph, so that neither the host's time nor
/// what runs beside it counts.
final class LaunchMeter: Sendable {
    private static let repetitions = 5
    @TaskLocal private static var isResting = false

    let profile: Profile
    private let limits: GPULimits

    init(profile: Profile, limits: GPULimits) {
        (self.profile, self.limits) = (profile, limits)
    }

    /// Whether launches are to be measured now.
    var isOn: Bool { !profile.isPaused && !Self.isResting }

    /// Leaves the launches of `body` alone: they belong to something that is measured as a whole, or only tried.
    func resting<Result>(_ body: () throws -> Result) rethrows -> Result {
        try Self.$isResting.withValue(true, operation: body)
    }

    /// Runs `launch` some times, and notes what each took.
    ///
    /// - Parameters:
    ///   - bytes: That it must at least read and write.
    ///   - multiplyAdds: That it needs at least.
    ///   - accumulates: Whether it adds to its output, so that it must run once only.
    @discardableResult
    func measure(
        on device: CUDADevice, bytes: Int, multiplyAdds: Int = 0, accumulates: Bool = false,
        _ launch: () throws -> Void
    ) throws -> Duration {
        let timer = EventTimer(device: device)
        let milliseconds = try resting {
            accumulates
                ? try timer.milliseconds(launch) : try timer.millisecondsOfEach(Self.repetitions, launch)
        }
        let duration = Duration.seconds(milliseconds / 1e3)
        profile.record(
            deviceTime: duration, bytes: bytes,
            leastTime: .seconds(limits.seconds(multiplyAdds: multiplyAdds, bytes: bytes)))
        return duration
    }

    /// Kernels that add to what is there.
    static func accumulates(_ kernel: String) -> Bool { kernel.hasPrefix("add_upsampled") }

    /// What a kernel must read and write: each of its maps once.
    static func bytes(_ arguments: [KernelArgument]) -> Int {
        arguments.reduce(0) { sum, argument in
            guard case .tensor(let map) = argument, map.data != 0 else { return sum }
            return sum + Int(map.height) * Int(map.width) * Int(map.channels) * (map.isHalf == 1 ? 2 : 4)
        }
    }
}

/// Round figures that large matrix products and copies come near to on an H100; shares are of these, not of a data sheet's.
struct GPULimits: Sendable {
    var operationsPerSecond: Double
    var bytesPerSecond = 3e12

    init(_ precision: Precision) {
        operationsPerSecond =
            switch precision {
            case .fp16: 800e12
            case .tf32: 400e12
            case .fp32: 55e12
            }
    }

    func seconds(multiplyAdds: Int, bytes: Int) -> Double {
        max(2 * Double(multiplyAdds) / operationsPerSecond, Double(bytes) / bytesPerSecond)
    }
}
