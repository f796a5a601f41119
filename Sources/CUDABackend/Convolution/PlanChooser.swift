import CCUDA
import Foundation
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
    let memory: PlanMemory

    /// Trials of one form of a convolution end after so many; after fewer where another form is known.
    private static let mostTrials = (first: 20, others: 6)
    private static let workspaceLimit = 1 << 30
    private static let repetitions = 5

    /// - Parameter geometry: In the plain form.
    init(
        _ geometry: ConvolutionGeometry, layer: String, cuDNN: CuDNN, device: CUDADevice, memory: PlanMemory
    ) {
        (self.geometry, self.layer, self.cuDNN) = (geometry, layer, cuDNN)
        (self.device, self.memory) = (device, memory)
    }

    /// The plan that was the fastest before, or that is now; `launch` queues a plan's work.
    func best(_ launch: (ConvolutionPlan) throws -> Void) throws -> ConvolutionPlan {
        if Self.forced != nil { return try tried(launch) }
        if let choice = memory[geometry], let plan = remembered(choice, launch) { return plan }
        memory.willChoose()
        let plan = try tried(launch)
        memory[geometry] = plan.choice
        return plan
    }

    private func remembered(_ choice: PlanChoice, _ launch: (ConvolutionPlan) throws -> Void)
        -> ConvolutionPlan?
    {
        guard geometry.forms.contains(choice.form) else { return nil }
        var found: ConvolutionPlan?
        // One that cannot run any more is chosen anew.
        try? ConvolutionPlan.forEach(geometry.with(choice.form), cuDNN: cuDNN, layer: layer, only: choice) {
            plan in
            try launch(plan)
            found = plan
            return .enough
        }
        return found
    }

    private func tried(_ launch: (ConvolutionPlan) throws -> Void) throws -> ConvolutionPlan {
        // Work on other lanes would be timed with it.
        try device.synchronizeAll()
        var best: (plan: ConvolutionPlan, milliseconds: Double)?
        var failure: (any Error)?
        let forms = geometry.forms.filter { Self.forced?.contains("\($0)") != false }
        for form in forms.isEmpty ? geometry.forms : forms {
            // No other form is much better than what is near to the limits of the GPU.
            if let best, isGood(best.milliseconds) { break }
            do {
                try tryAll(form, launch, &best, &failure)
            } catch {
                // cuDNN or cuBLASLt has nothing in this form.
                failure = failure ?? error
            }
        }
        guard let best else { throw failure ?? CUDAError.noEngine(layer: layer, reason: "no engine runs") }
        return best.plan
    }

    private func tryAll(
        _ form: ConvolutionForm, _ launch: (ConvolutionPlan) throws -> Void,
        _ best: inout (plan: ConvolutionPlan, milliseconds: Double)?, _ failure: inout (any Error)?
    ) throws {
        let timer = EventTimer(device: device)
        let start = ContinuousClock.now
        var trials = 0
        let mostTrials = best == nil ? Self.mostTrials.first : Self.mostTrials.others
        // A closure cannot change what is passed in.
        var (fastest, lastFailure) = (best, failure)
        defer { (best, failure) = (fastest, lastFailure) }
        try ConvolutionPlan.forEach(geometry.with(form), cuDNN: cuDNN, layer: layer) { plan in
            if plan.workspaceBytes > Self.workspaceLimit, fastest != nil { return .more }
            do {
                // The first launch in a form also makes its weights, by which no plan should be judged.
                if trials == 0 { try launch(plan) }
                // The first run may load code; one that takes far longer than another's needs no second.
                var each = try timer.milliseconds { try launch(plan) }
                if each < 3 * (fastest?.milliseconds ?? .infinity) + 1 {
                    each = try timer.millisecondsOfEach(Self.repetitions) { try launch(plan) }
                }
                Self.trace?(
                    "\(layer) \(plan.choice): \(each) ms, floor \(floor) ms, after \(ContinuousClock.now - start)"
                )
                if each < fastest?.milliseconds ?? .infinity { fastest = (plan, each) }
            } catch {
                lastFailure = error
                return .more
            }
            trials += 1
            let isEnough =
                isGood(fastest?.milliseconds ?? .infinity) || trials >= mostTrials
                || ContinuousClock.now - start > patience
            return isEnough ? .enough : .more
        }
    }

    /// What takes long must be nearer to the floor, which for small maps nothing reaches.
    private func isGood(_ milliseconds: Double) -> Bool {
        milliseconds < (floor > 0.02 ? 1.05 : 1.5) * floor
    }

    /// What takes the GPU long is worth a longer search.
    private var patience: Duration { .seconds(min(3, 0.15 + 10 * floor)) }

    /// Milliseconds that the GPU would take at its measured ceilings (an H100's), and for a launch.
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
        let ceiling = !geometry.allowsMatrixUnits ? 55e9 : geometry.isHalf ? 800e9 : 400e9
        return 0.003 + max(operations / ceiling, bytes / 3e9)
    }

    /// `DAIN_FORM=split,wide` takes these forms wherever a convolution can have them, for checks. It is not remembered.
    private static let forced = ProcessInfo.processInfo.environment["DAIN_FORM"]?.split(separator: ",").map(
        String.init)

    /// `DAIN_TRACE_PLANS=1` prints every trial on stderr.
    private static let trace: (@Sendable (String) -> Void)? = tracing("DAIN_TRACE_PLANS")
}
