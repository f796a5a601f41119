import CCUDA

/// What the driver says of a GPU, before anything is done with it.
struct DeviceFacts {
    let device: CUdevice
    let name: String
    let capability: (major: Int, minor: Int)
    /// Bytes.
    let totalMemory: Int

    /// - Parameter driver: One that was started.
    init(index: Int, driver: DriverFunctions) throws {
        func check(_ call: String, _ status: Int32) throws { try CUDADevice.check(driver, call, status) }
        var device: CUdevice = 0
        try check("cuDeviceGet", driver.deviceGet(&device, Int32(index)))
        self.device = device
        var text = [CChar](repeating: 0, count: 256)
        try check("cuDeviceGetName", driver.deviceGetName(&text, 256, device))
        name = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        func attribute(_ number: Int) throws -> Int {
            var value: Int32 = 0
            try check("cuDeviceGetAttribute", driver.deviceGetAttribute(&value, Int32(number), device))
            return Int(value)
        }
        capability = (
            try attribute(CCUDA_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
            try attribute(CCUDA_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)
        )
        var bytes = 0
        try check("cuDeviceTotalMem", driver.deviceTotalMem(&bytes, device))
        totalMemory = bytes
    }

    var capabilityText: String { "\(capability.major).\(capability.minor)" }

    /// Why the networks cannot run on it; nil where they can.
    var refusal: CUDAError? {
        capability.major >= 7 ? nil : .tooOld(device: name, capability: capabilityText)
    }
}
