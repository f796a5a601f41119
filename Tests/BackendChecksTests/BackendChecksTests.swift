import BackendChecks
import CPUBackend
import Pixels
import ReferenceBackend
import Tensors
import Testing

/// The checks that other backends must pass: the CPU's passes them, and what is wrong does not.
struct BackendChecksTests {
    @Test func theCPUPasses() throws {
        func count(isSmall: Bool) throws -> Int {
            var count = 0
            try OperationChecks(CPUBackend(threads: 2), storage: 0, products: 0, isSmall: isSmall).run {
                check in
                count += 1
                #expect(check.passes, "\(check.name): worst \(check.worst), \(check.detail)")
            }
            return count
        }
        #expect(try count(isSmall: false) > 900)
        #expect(try (400...900).contains(count(isSmall: true)))
    }

    private let shape = Shape(channels: 3, height: 5, width: 7)

    private func upload(_ values: [Float], to tensor: CPUTensor, _ backend: CPUBackend) throws {
        try values.withUnsafeBufferPointer { try backend.upload($0, to: tensor) }
    }

    @Test func aWrongValueFails() throws {
        let backend = CPUBackend(threads: 1)
        var pair = BackendPair(backend, guards: 1)
        let tensor = try pair.input(shape)
        #expect(try pair.compare(tensor, "same", tolerance: 0).passes)
        var values = [Float](repeating: 0, count: shape.count)
        try values.withUnsafeMutableBufferPointer { try backend.download(tensor.tested, to: $0) }
        let right = values
        for (wrong, worst) in [(right[17] + 0.25, Float(0.25)), (.infinity, .infinity)] {
            values[17] = wrong
            try upload(values, to: tensor.tested, backend)
            let check = try pair.compare(tensor, "tampered with", tolerance: 0.2)
            #expect(!check.passes && (check.worst == worst || abs(check.worst - worst) < 1e-6), "\(check)")
            #expect(check.detail.hasSuffix("at 17, expected \(right[17])"), "\(check)")
        }
        values[17] = .nan
        try upload(values, to: tensor.tested, backend)
        #expect(try !pair.compare(tensor, "no number", tolerance: 1e9).passes)
    }

    @Test func whatIsNeverWrittenFails() throws {
        let pair = BackendPair(CPUBackend(threads: 1), guards: 1)
        #expect(try !pair.compare(pair.output(shape), "not written", tolerance: 1e9).passes)
    }

    @Test(arguments: [1, 8]) func aWriteOutsideFails(_ guards: Int) throws {
        let backend = CPUBackend(threads: 1)
        var pair = BackendPair(backend, guards: guards)
        for channel in [guards - 1, guards + shape.channels] {
            let tensor = try pair.input(shape)
            let outside = tensor.guarded.channels(channel..<channel + 1)
            try upload([Float](repeating: 1, count: shape.planeCount), to: outside, backend)
            let check = try pair.compare(tensor, "outside", tolerance: 1e9)
            #expect(!check.passes && check.detail == "wrote outside its channels", "\(check)")
        }
    }

    // MARK: Samples

    /// The conversion in plain loops, which may do one thing wrong.
    private struct Conversion: SampleConversion {
        enum Fault: CaseIterable { case none, code, plane, place, reach, clamping }

        let backend: CPUBackend
        let fault: Fault

        func upload(
            _ samples: UnsafeRawBufferPointer, in format: SampleFormat, to image: CPUTensor, left: Int,
            top: Int, reach: CPUTensor
        ) throws {
            try ReferenceConversion(backend).upload(
                samples, in: format, to: image, left: left + (fault == .place ? 1 : 0), top: top, reach: reach
            )
            if fault == .reach { try [0, 1].withUnsafeBufferPointer { try backend.upload($0, to: reach) } }
        }

        func startDownload(
            _ image: CPUTensor, as format: SampleFormat, within reaches: (first: CPUTensor, second: CPUTensor)
        ) throws -> PendingSamples {
            let second = fault == .clamping ? reaches.first : reaches.second
            let made = try ReferenceConversion(backend).startDownload(
                image, as: format, within: (reaches.first, second)
            ).planes()
            var bytes = made.bytes
            if fault == .code { bytes = bytes.map { $0 ^ 2 } }
            if fault == .plane { bytes.reverse() }
            let planes = SamplePlanes(format: format, bytes: bytes)
            return PendingSamples { planes }
        }
    }

    @Test(arguments: Conversion.Fault.allCases) private func aWrongConversionFails(_ fault: Conversion.Fault)
        throws
    {
        let backend = CPUBackend(threads: 1)
        let checks = SampleChecks(backend, Conversion(backend: backend, fault: fault))
        var (count, failures) = (0, 0)
        try checks.run([(7, 5), (33, 19)], guards: 0) { check in
            count += 1
            failures += check.passes ? 0 : 1
        }
        #expect(count == 2 * 3 * 5 * 5)
        #expect((failures > 0) == (fault != .none), "\(failures) fail")
    }
}
