import Synchronization

/// A record of what each stage of a network costs: filled by the network and its backend, read by benchmarks.
///
/// Stages do not nest; operations outside any stage are counted under "other".
public final class Profile: Sendable {
    /// The total of a stage since the profile was made.
    public struct Entry: Sendable {
        public var stage: String
        /// What its operations took a device one by one, where the backend measures there; else its time on the host.
        public var duration: Duration { deviceTime > .zero ? deviceTime : hostTime }
        fileprivate var hostTime: Duration = .zero
        fileprivate var deviceTime: Duration = .zero
        /// What the device's limits of arithmetic and memory leave at least; zero where the backend does not know them.
        public fileprivate(set) var leastTime: Duration = .zero
        /// Bytes that its operations read and wrote at least; 0 where the backend does not count them.
        public fileprivate(set) var bytes = 0
        /// Multiply-adds of the stage's convolutions, counted as a direct convolution needs them.
        public var multiplyAdds = 0
    }

    fileprivate struct State {
        var entries: [Entry] = []
        var current = "other"
        var convolutions: [ConvolutionRun] = []
        var isPaused = false
    }

    private let state = Mutex(State())

    public init() {}

    /// Stages in the order of their first appearance.
    public var entries: [Entry] { state.withLock(\.entries) }

    public func reset() {
        state.withLock { state in
            (state.entries, state.convolutions, state.current) = ([], [], "other")
        }
    }

    /// Whether backends for which measuring costs time leave it be for now.
    public var isPaused: Bool {
        get { state.withLock(\.isPaused) }
        set { state.withLock { $0.isPaused = newValue } }
    }

    /// Every convolution that ran, in order.
    public var convolutions: [ConvolutionRun] { state.withLock(\.convolutions) }

    /// Notes a convolution, and counts it towards the stage that runs now.
    public func record(_ convolution: ConvolutionRun) {
        state.withLock { state in
            let stage = state.current
            state.convolutions.append(convolution)
            state.update(stage) { $0.multiplyAdds += convolution.multiplyAdds }
        }
    }

    /// Notes an operation that was measured on a device, convolutions included, for the stage that runs now.
    public func record(deviceTime: Duration, bytes: Int, leastTime: Duration) {
        state.withLock { state in
            state.update(state.current) {
                $0.deviceTime += deviceTime
                $0.bytes += bytes
                $0.leastTime += leastTime
            }
        }
    }

    /// Runs `body` as a stage; its time is measured on the host, so backends must have finished when it returns.
    public func measure<Result>(_ stage: String, _ body: () throws -> Result) rethrows -> Result {
        let start = ContinuousClock.now
        state.withLock { $0.current = stage }
        defer {
            let duration = ContinuousClock.now - start
            state.withLock { state in
                state.update(stage) { $0.hostTime += duration }
                state.current = "other"
            }
        }
        return try body()
    }
}

extension Profile.State {
    fileprivate mutating func update(_ stage: String, _ change: (inout Profile.Entry) -> Void) {
        if let index = entries.firstIndex(where: { $0.stage == stage }) {
            change(&entries[index])
        } else {
            var entry = Profile.Entry(stage: stage)
            change(&entry)
            entries.append(entry)
        }
    }
}
