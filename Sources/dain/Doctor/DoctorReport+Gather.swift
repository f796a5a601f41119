import CProcessor
import COpenBLAS
import Console

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension DoctorReport {
    /// Looks at this machine. What is absent becomes a problem of the report, never an error.
    static func gather() -> DoctorReport {
        let processor = Processor(
            name: processorName(), architecture: architecture, requiredLevel: ProcessorCheck.requiredLevel,
            isSupported: ProcessorCheck.isSupported, cores: ProcessInfo.processInfo.activeProcessorCount)
        let inventory = ModelInventory.find()
        let libraries = FFmpegFacts.libraries()
        let codecs = FFmpegFacts.codecs()
        return DoctorReport(
            version: dainVersion, system: ProcessInfo.processInfo.operatingSystemVersionString,
            processor: processor, memoryBytes: ProcessInfo.processInfo.physicalMemory,
            blas: BLAS(
                configuration: String(cString: openblas_get_config()).singleLine,
                core: String(cString: openblas_get_corename()), threads: Int(openblas_get_num_threads())),
            ffmpeg: FFmpegFacts.release, libraries: libraries, codecs: codecs,
            modelFolders: inventory.searched, models: inventory.models,
            problems: problems(processor: processor)
                + libraries.compactMap(problem(of:)) + codecs.compactMap(problem(of:))
                + problems(of: inventory))
    }

    private static func problems(processor: Processor) -> [Problem] {
        guard !processor.isSupported else { return [] }
        return [
            Problem(
                description: ProcessorCheck.TooOld().userMessage,
                remedy: "run dain on a newer CPU; in a virtual machine, pass the host's CPU through",
                isFatal: true)
        ]
    }

    private static func problem(of library: Library) -> Problem? {
        guard !library.isCompatible else { return nil }
        return Problem(
            description:
                "\(library.name) \(library.running) is in use, but dain was built with \(library.built)",
            remedy: "build dain again on this machine: swift build -c release --product dain", isFatal: true)
    }

    private static func problem(of codec: Codec) -> Problem? {
        guard codec.available.isEmpty else { return nil }
        let names = codec.candidates.joined(separator: " or ")
        let consequence = codec.isNeeded ? "; until then, choose another one by --codec" : ""
        return Problem(
            description: "this FFmpeg has no \(codec.format) \(codec.role.rawValue) (\(names))",
            remedy: "install an FFmpeg with \(names), as Debian, Ubuntu and Homebrew have it" + consequence,
            isFatal: codec.isNeeded)
    }

    private static func problems(of inventory: ModelInventory) -> [Problem] {
        var problems = inventory.obstacles.map {
            Problem(description: $0, remedy: "make it readable, or remove it", isFatal: false)
        }
        if inventory.models.isEmpty {
            let folders = inventory.searched.joined(separator: ", ")
            problems.append(
                Problem(
                    description: "no model (*.safetensors) was found in \(folders)",
                    remedy: "set DAIN_MODELS to the folder that holds the models, or pass --model PATH",
                    isFatal: true))
        }
        return problems
    }

    private static var architecture: String {
        #if arch(x86_64)
            "x86_64"
        #elseif arch(arm64)
            "arm64"
        #else
            "unknown architecture"
        #endif
    }

    private static func processorName() -> String {
        var brand = [CChar](repeating: 0, count: Int(PROCESSOR_BRAND_BYTES))
        processor_copy_brand(&brand)
        return brand.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }.singleLine
    }
}
