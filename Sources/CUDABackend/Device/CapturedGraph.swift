import CCUDA

/// Queued work as one object that can be launched again and again.
final class CapturedGraph: @unchecked Sendable {
    fileprivate let executable: CUgraphExec
    private let device: CUDADevice

    fileprivate init(_ executable: CUgraphExec, device: CUDADevice) {
        (self.executable, self.device) = (executable, device)
    }

    deinit {
        device.deferringErrors {
            try device.call("cuGraphExecDestroy") { $0.graphExecDestroy(executable) }
        }
    }
}

extension CUDADevice {
    /// What `body` queues on the caller's stream, and on lanes that part from it, is not run but captured.
    func captured(_ body: () throws -> Void) throws -> CapturedGraph {
        let stream = stream
        // Relaxed: memory may be allocated meanwhile, which other modes take for a mistake.
        try call("cuStreamBeginCapture") {
            $0.streamBeginCapture(stream, Int32(CCUDA_STREAM_CAPTURE_MODE_RELAXED))
        }
        let result = Result {
            try body()
            try throwFailure()
        }
        var graph: CUgraph?
        let end = Result { try call("cuStreamEndCapture") { $0.streamEndCapture(stream, &graph) } }
        defer {
            if let graph { deferringErrors { try call("cuGraphDestroy") { $0.graphDestroy(graph) } } }
        }
        try result.get()
        try end.get()
        var executable: CUgraphExec?
        if let graph {
            try call("cuGraphInstantiate") { $0.graphInstantiate(&executable, graph, 0) }
        }
        guard let executable else { throw CUDAError.recording("there is no graph") }
        return CapturedGraph(executable, device: self)
    }

    func launch(_ graph: CapturedGraph) throws {
        try call("cuGraphLaunch") { $0.graphLaunch(graph.executable, stream) }
    }
}
