import CCUDA

/// A cuBLASLt handle. Its calls may come from several threads at once.
final class CuBLASLt: @unchecked Sendable {
    let functions: CuBLASLtFunctions
    let handle: cublasLtHandle_t

    init(_ functions: CuBLASLtFunctions, device: CUDADevice) throws {
        self.functions = functions
        try device.makeCurrent()
        var handle: cublasLtHandle_t?
        try Self.check("cublasLtCreate", functions.create(&handle))
        guard let handle else { throw CUDAError.cuBLASLt(call: "cublasLtCreate", status: 0) }
        self.handle = handle
    }

    deinit { _ = functions.destroy(handle) }

    static func check(_ call: String, _ status: Int32) throws {
        if status != 0 { throw CUDAError.cuBLASLt(call: call, status: Int(status)) }
    }
}

/// A 1×1 convolution as one matrix product: weights times pixels, with bias and activation behind it.
final class MatrixProduct: @unchecked Sendable {
    let workspaceBytes: Int
    private let shared: Shared
    private var algorithm: cublasLtMatmulAlgo_t

    private init(_ result: cublasLtMatmulHeuristicResult_t, _ shared: Shared) {
        (algorithm, workspaceBytes, self.shared) = (result.algorithm, result.workspaceBytes, shared)
    }

    /// The ways that cuBLASLt recommends, the likely fastest first.
    static func all(_ geometry: ConvolutionGeometry, _ library: CuBLASLt) throws -> [MatrixProduct] {
        let shared = try Shared(geometry, library)
        return try shared.recommended(12, workspaceLimit: 32 << 20).map { MatrixProduct($0, shared) }
    }

    func run(
        input: CUdeviceptr, weights: CUdeviceptr, bias: CUdeviceptr, output: CUdeviceptr,
        workspace: CUdeviceptr, stream: CUstream
    ) throws {
        let (library, product) = (shared.library, shared.product)
        var (bias, alpha, beta) = (bias, Float(1), Float(0))
        try CuBLASLt.check(
            "cublasLtMatmulDescSetAttribute",
            library.functions.setProduct(product, Int32(CCUBLASLT_PRODUCT_BIAS_POINTER), &bias, 8))
        try CuBLASLt.check(
            "cublasLtMatmul",
            library.functions.multiply(
                library.handle, product, &alpha, weights, shared.weights, input, shared.input, &beta, output,
                shared.output, output, shared.output, &algorithm, workspace, workspaceBytes, stream))
    }

    /// The description of a product.
    private final class Shared {
        let library: CuBLASLt
        let product: cublasLtMatmulDesc_t
        /// In cuBLAS's order of columns first: [inputs][outputs] to be transposed, [inputs][pixels], [outputs][pixels].
        let weights: cublasLtMatrixLayout_t
        let input: cublasLtMatrixLayout_t
        let output: cublasLtMatrixLayout_t

        init(_ geometry: ConvolutionGeometry, _ library: CuBLASLt) throws {
            self.library = library
            let functions = library.functions
            let type = Int32(geometry.isHalf ? CCUBLAS_HALF : CCUBLAS_FLOAT)
            func layout(_ rows: Int, _ columns: Int, _ leading: Int) throws -> cublasLtMatrixLayout_t {
                var layout: cublasLtMatrixLayout_t?
                try CuBLASLt.check(
                    "cublasLtMatrixLayoutCreate",
                    functions.createLayout(&layout, type, UInt64(rows), UInt64(columns), Int64(leading)))
                guard let layout else {
                    throw CUDAError.cuBLASLt(call: "cublasLtMatrixLayoutCreate", status: 0)
                }
                return layout
            }
            let pixels = geometry.height * geometry.width
            var product: cublasLtMatmulDesc_t?
            try CuBLASLt.check(
                "cublasLtMatmulDescCreate",
                functions.createProduct(&product, Int32(CCUBLAS_COMPUTE_FLOAT), Int32(CCUBLAS_FLOAT)))
            guard let product else { throw CUDAError.cuBLASLt(call: "cublasLtMatmulDescCreate", status: 0) }
            self.product = product
            weights = try layout(geometry.inputChannels, geometry.outputChannels, geometry.inputChannels)
            input = try layout(geometry.inputChannels, pixels, geometry.inputPitch)
            output = try layout(geometry.outputChannels, pixels, geometry.outputPitch)
            let epilogue =
                geometry.description.activation == .relu
                ? CCUBLASLT_EPILOGUE_RELU_BIAS : CCUBLASLT_EPILOGUE_BIAS
            for (name, value) in [
                (CCUBLASLT_PRODUCT_TRANSPOSE_A, CCUBLAS_TRANSPOSED), (CCUBLASLT_PRODUCT_EPILOGUE, epilogue),
                (CCUBLASLT_PRODUCT_BIAS_TYPE, Int(type)),
            ] {
                var value = Int32(value)
                try CuBLASLt.check(
                    "cublasLtMatmulDescSetAttribute", functions.setProduct(product, Int32(name), &value, 4))
            }
        }

        deinit {
            _ = library.functions.destroyProduct(product)
            for layout in [weights, input, output] { _ = library.functions.destroyLayout(layout) }
        }

        func recommended(_ count: Int, workspaceLimit: Int) throws -> [cublasLtMatmulHeuristicResult_t] {
            let functions = library.functions
            var preference: cublasLtMatmulPreference_t?
            try CuBLASLt.check("cublasLtMatmulPreferenceCreate", functions.createPreference(&preference))
            guard let preference else {
                throw CUDAError.cuBLASLt(call: "cublasLtMatmulPreferenceCreate", status: 0)
            }
            defer { _ = functions.destroyPreference(preference) }
            var limit = UInt64(workspaceLimit)
            try CuBLASLt.check(
                "cublasLtMatmulPreferenceSetAttribute",
                functions.setPreference(preference, Int32(CCUBLASLT_PREFERENCE_WORKSPACE), &limit, 8))
            // Views of a larger map begin at any eighth channel.
            for name in [
                CCUBLASLT_PREFERENCE_ALIGNMENT_A, CCUBLASLT_PREFERENCE_ALIGNMENT_B,
                CCUBLASLT_PREFERENCE_ALIGNMENT_C, CCUBLASLT_PREFERENCE_ALIGNMENT_D,
            ] {
                var bytes: UInt32 = 16
                try CuBLASLt.check(
                    "cublasLtMatmulPreferenceSetAttribute",
                    functions.setPreference(preference, Int32(name), &bytes, 4))
            }
            var results = [cublasLtMatmulHeuristicResult_t](
                repeating: cublasLtMatmulHeuristicResult_t(), count: count)
            var found: Int32 = 0
            try CuBLASLt.check(
                "cublasLtMatmulAlgoGetHeuristic",
                functions.getHeuristic(
                    library.handle, product, weights, input, output, output, preference, Int32(count),
                    &results, &found))
            return results.prefix(Int(found)).filter { $0.status == 0 }
        }
    }
}
