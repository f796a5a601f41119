import CProcessor
import CUDABackend
import Console
import Weights

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

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
        let store = ModelStore.ofThisProcess
        let (locations, obstacle) = findModels(in: store)
        let models = locations.map {
            Model(name: $0.name, path: $0.path, bytes: size(of: $0.path))
        }
        let libraries = FFmpegFacts.libraries()
        let codecs = FFmpegFacts.codecs()
        return DoctorReport(
            version: dainVersion, system: ProcessInfo.processInfo.operatingSystemVersionString,
            processor: processor, memoryBytes: ProcessInfo.processInfo.physicalMemory,
            ffmpeg: FFmpegFacts.release, libraries: libraries, codecs: codecs,
            gpu: GPUReport.gather(), modelFolders: store.folders, models: models,
            problems: problems(processor: processor)
                + libraries.compactMap(problem(of:)) + codecs.compactMap(problem(of:))
                + problems(of: locations, obstacle, in: store))
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

    /// The models that `--model` finds by name; and what kept a folder or manifest from being read, if anything did.
    private static func findModels(in store: ModelStore) -> ([ModelLocation], ModelError?) {
        do throws(ModelError) {
            return (try store.models(), nil)
        } catch {
            return ([], error)
        }
    }

    private static func size(of path: String) -> Int64? {
        var information = stat()
        return stat(path, &information) == 0 ? Int64(information.st_size) : nil
    }

    private static func problems(of models: [ModelLocation], _ obstacle: ModelError?, in store: ModelStore)
        -> [Problem]
    {
        var problems: [Problem] = []
        if let obstacle {
            problems.append(
                Problem(description: obstacle.description, remedy: "mend or remove that file", isFatal: true))
        } else if models.isEmpty {
            problems.append(
                Problem(
                    description: "no model (*.safetensors) was found in "
                        + store.folders.joined(separator: ", "),
                    remedy: "set DAIN_MODELS to the folder that holds the models, or pass --model PATH",
                    isFatal: true))
        }
        let variable = ModelStore.environmentVariable
        if let folder = ProcessInfo.processInfo.environment[variable], !folder.isEmpty,
            access(folder, R_OK | X_OK) != 0
        {
            problems.append(
                Problem(
                    description: "\(variable) names \(folder), which is no folder that can be read",
                    remedy: "correct or unset it: models of other folders are used meanwhile", isFatal: false)
            )
        }
        for model in models {
            guard let description = damage(of: model) else { continue }
            problems.append(
                Problem(
                    description: description, remedy: "get the whole release again, or remove the entry",
                    isFatal: model.isDefault || models.count == 1))
        }
        return problems
    }

    /// What keeps a listed model from being what its manifest says; nil where nothing does, or where no manifest lists it.
    private static func damage(of location: ModelLocation) -> String? {
        guard location.model != nil else { return nil }
        if size(of: location.path) == nil {
            return "\(location.path) is listed in its manifest but not there"
        }
        do {
            _ = try location.verifiedBytes()
            return nil
        } catch {
            return "\(error)"
        }
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
