import BackendChecks
import CUDABackend
import Testing

/// Every operation on the GPU against plain loops on the CPU, where there is a GPU.
@Suite(.serialized) struct OperationTests {
    private static let report = GPUReport.gather()
    private static let reason = Comment(rawValue: "no GPU can be used: \(report.obstacle ?? "")")

    @Test(
        .enabled(if: report.isUsable, reason),
        arguments: [
            (.fp32, 0, 0), (.tf32, 0, 0x1p-10), (.fp16, 0x1p-11, 0x1p-11),
        ] as [(Precision, Float, Float)])
    func agreeWithTheReference(_ precision: Precision, _ storage: Float, _ products: Float) throws {
        let backend = try CUDABackend(precision: precision)
        var count = 0
        try OperationChecks(backend, storage: storage, products: products).run { check in
            count += 1
            #expect(check.passes, "\(check.name): worst \(check.worst), \(check.detail)")
        }
        #expect(count > 900)
    }
}
