import CCUDA
import Tensors

/// Chooses among the ways that cuDNN offers for a convolution, by trying them.
///
/// cuDNN's first recommendation is mostly good and sometimes twenty times slower than its third. A trial costs up to a second,
/// since an engine may have to be compiled: so trials end as soon as one is near to what the GPU can do.
struct PlanChooser {
    let geometry: ConvolutionGeometry
    let layer: String
    let cuDNN: CuDNN
    let device: CUDADevice

    /// Trials of one convolution end after so many, and after so long.
    private static let mostTrials = 24
    private static let longest: Duration = .seconds(2)
    private static let workspaceLimit = 1 << 30

    init(_ geometry: ConvolutionGeometry, layer: String, cuDNN: CuDNN, device: CUDADevice) {
        (self.geometry, self.layer, self.cuDNN, self.device) = (geometry, layer, cuDNN, device)
    }

    /// The fastest plan; `launch` queues a plan's work.
    func best(_ launch: (ConvolutionPlan) throws -> Void) throws -> ConvolutionPlan {
        let timer = EventTimer(device: device)
        let start = ContinuousClock.now
        var best: (plan: ConvolutionPlan, milliseconds: Double)?
        var trials = 0
        var failure: (any Error)?
        try ConvolutionPlan.forEach(geometry, cuDNN: cuDNN, layer: layer) { plan in
            if plan.workspaceBytes > Self.workspaceLimit, best != nil { return .more }
            do {
                // The first run may load code; one that takes far longer than another's needs no second.
                var each = try timer.milliseconds { try launch(plan) }
                if each < 3 * (best?.milliseconds ?? .infinity) + 1 {
                    each = try timer.milliseconds { for _ in 0..<Self.repetitions { try launch(plan) } }
                    each /= Double(Self.repetitions)
                }
                Self.trace?(
                    "\(layer) trial \(trials)\(plan.isFused ? "" : ", not fused"): \(each) ms, floor \(floor) ms, "
                        + "after \(ContinuousClock.now - start)")
                if each < best?.milliseconds ?? .infinity { best = (plan, each) }
            } catch {
                failure = error
                return .more
            }
            trials += 1
            let isGood = (best?.milliseconds ?? .infinity) < 1.6 * floor
            return isGood || trials >= Self.mostTrials || ContinuousClock.now - start > Self.longest
                ? .enough : .more
        }
        guard let best else { throw failure ?? CUDAError.noEngine(layer: layer, reason: "no engine runs") }
        return best.plan
    }

    private static let repetitions = 3

    /// Milliseconds that the GPU would take at its measured ceilings (an H100's, scaled by multiprocessors), and for a launch.
    private var floor: Double {
        let output = geometry.description.outputShape(
            for: Shape(channels: 1, height: geometry.height, width: geometry.width))
        let kernel = geometry.description.kernel
        let operations =
            2.0 * Double(output.height * output.width * geometry.outputChannels)
            * Double(geometry.inputChannels * kernel * kernel)
        let element = geometry.isHalf ? 2.0 : 4.0
        let bytes =
            element
            * Double(
                geometry.height * geometry.width * geometry.inputChannels
                    + output.height * output.width * geometry.outputChannels
                    * (geometry.residualPitch == nil ? 1 : 2))
        let ceiling = !geometry.allowsMatrixUnits ? 50e9 : geometry.isHalf ? 500e9 : 250e9
        return 0.01 + operations / ceiling + bytes / 2.2e9
    }

    /// `DAIN_TRACE_PLANS=1` prints every trial on stderr.
    private static let trace: (@Sendable (String) -> Void)? = tracing("DAIN_TRACE_PLANS")
}
