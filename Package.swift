// swift-tools-version: 6.2
import PackageDescription

// Warnings are errors in this project's own checks (`DAIN_STRICT=1`), not on users' machines: a newer
// FFmpeg that deprecates a function must not break their build.
let strict: [SwiftSetting] =
    Context.environment["DAIN_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]

// The kernels are written with SIMD8<Float> and fused multiply-add. Only a target CPU that has both
// compiles them to single instructions; on the x86-64 baseline every lane calls `fmaf`. The executable
// itself stays at the baseline, so that it can check the CPU and refuse with a clear message.
#if arch(x86_64)
    let vectorised: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-march=x86-64-v3"])]
#else
    let vectorised: [SwiftSetting] = []
#endif

let package = Package(
    name: "dain",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "dain", targets: ["dain"]), .executable(name: "dain-core", targets: ["dain-core"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CFFmpeg", pkgConfig: "libavformat",
            providers: [
                .apt([
                    "libavformat-dev", "libavcodec-dev", "libavfilter-dev", "libavutil-dev",
                    "libswscale-dev", "libswresample-dev",
                ]), .brew(["ffmpeg"]),
            ]),

        .target(name: "CProcessor"),
        .target(name: "CFileMark"),
        .target(
            name: "Console", dependencies: [.product(name: "Logging", package: "swift-log")],
            swiftSettings: strict),
        .target(name: "Timing", swiftSettings: strict),
        .target(name: "Scenes", swiftSettings: strict),
        .target(name: "Pixels", swiftSettings: strict),
        .target(name: "Tensors", dependencies: ["Pixels"], swiftSettings: strict),
        .target(name: "CPUBackend", dependencies: ["Tensors"], swiftSettings: strict + vectorised),
        // The kernels' sources, `.cu`, are embedded by kernels.c.
        .target(name: "CCUDA", exclude: ["kernels"]),
        .target(
            name: "CUDABackend", dependencies: ["CCUDA", "Pixels", "Tensors"], swiftSettings: strict),
        .target(name: "ReferenceBackend", dependencies: ["Pixels", "Tensors"], swiftSettings: strict),
        .target(name: "Weights", swiftSettings: strict),
        .target(name: "Networks", dependencies: ["Tensors", "Weights"], swiftSettings: strict),
        .target(name: "Media", dependencies: ["CFFmpeg", "Pixels", "Timing"], swiftSettings: strict),
        .target(
            name: "Interpolation", dependencies: ["Networks", "Pixels", "Scenes", "Tensors", "Timing"],
            swiftSettings: strict),
        .target(name: "Evaluation", swiftSettings: strict),
        // What every backend is held against; used by tests, and by dain-core where there is a GPU and no test runner.
        .target(
            name: "BackendChecks",
            dependencies: ["Networks", "Pixels", "ReferenceBackend", "Tensors", "Weights"],
            swiftSettings: strict),
        .executableTarget(
            name: "dain-core",
            dependencies: [
                "BackendChecks", "CPUBackend", "CUDABackend", "Interpolation", "Networks", "Pixels",
                "ReferenceBackend", "Tensors", "Weights",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: strict),
        .executableTarget(
            name: "dain",
            dependencies: [
                "CFFmpeg", "CFileMark", "CPUBackend", "CProcessor", "CUDABackend", "Console", "Evaluation",
                "Interpolation",
                "Media", "Networks", "Pixels", "Scenes", "Tensors", "Timing", "Weights",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),

        .testTarget(
            name: "ConsoleTests",
            dependencies: ["Console", .product(name: "Logging", package: "swift-log")], swiftSettings: strict),
        .testTarget(name: "ScenesTests", dependencies: ["Scenes"], swiftSettings: strict),
        .testTarget(name: "TimingTests", dependencies: ["Timing"], swiftSettings: strict),
        .testTarget(
            name: "CPUBackendTests",
            dependencies: ["BackendChecks", "CPUBackend", "ReferenceBackend", "Tensors"],
            swiftSettings: strict),
        .testTarget(name: "WeightsTests", dependencies: ["Weights"], swiftSettings: strict),
        .testTarget(
            name: "BackendChecksTests",
            dependencies: ["BackendChecks", "CPUBackend", "Pixels", "ReferenceBackend", "Tensors"],
            swiftSettings: strict),
        .testTarget(
            name: "CUDABackendTests", dependencies: ["BackendChecks", "CUDABackend", "Networks", "Tensors"],
            swiftSettings: strict),
        .testTarget(
            name: "NetworksTests",
            dependencies: ["BackendChecks", "CPUBackend", "Networks", "Tensors"],
            swiftSettings: strict),
        .testTarget(
            name: "MediaTests", dependencies: ["CFFmpeg", "Media", "Pixels", "ReferenceBackend", "Timing"],
            swiftSettings: strict),
        .testTarget(
            name: "InterpolationTests",
            dependencies: [
                "BackendChecks", "CPUBackend", "Interpolation", "Media", "Networks", "Pixels",
                "ReferenceBackend", "Scenes", "Tensors", "Timing",
            ],
            swiftSettings: strict),
        .testTarget(name: "EvaluationTests", dependencies: ["Evaluation"], swiftSettings: strict),
        .testTarget(name: "DainTests", dependencies: ["CFFmpeg", "Media", "Timing"], swiftSettings: strict),

        // Reads damaged inputs in processes that may die of them; FuzzTests runs it.
        .executableTarget(
            name: "dain-fuzz",
            dependencies: [
                "Interpolation", "Media", "Timing", "Weights",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Tests/Fuzz", swiftSettings: strict),
        .testTarget(name: "FuzzTests", dependencies: ["dain-fuzz"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
