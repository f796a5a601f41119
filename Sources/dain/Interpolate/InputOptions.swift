import ArgumentParser
import Media
import Timing

/// What is said of the input beyond its name.
struct InputOptions: ParsableArguments {
    /// What is done about pictures of two fields.
    enum Deinterlacing: String, ExpressibleByArgument, CaseIterable {
        case bwdif, off
    }

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The input's format, where it cannot be told: rawvideo, or any other that FFmpeg reads.",
            valueName: "name"), completion: .custom { _, _, _ in KnownNames.inputFormats })
    var inputFormat: String?

    @Option(
        name: [.customLong("input-size"), .customLong("size")],
        help: ArgumentHelp("The size of raw pictures.", valueName: "WxH"), transform: Self.size)
    var inputSize: InputSettings.Size?

    @Option(
        name: .long,
        help: ArgumentHelp("The pixel format of raw pictures, such as yuv420p10le.", valueName: "name"),
        completion: .custom { _, _, _ in KnownNames.pixelFormats })
    var inputPixFmt: String?

    @Option(
        name: [.customLong("input-rate"), .customLong("rate")],
        help: ArgumentHelp(
            "Frames per second of raw pictures and of images (default: 25).", valueName: "rate"),
        transform: OutputRate.init(argument:))
    var inputRate: OutputRate?

    @Option(name: .long, help: "How interlaced frames are made whole, one for each.")
    var deinterlace = Deinterlacing.bwdif

    /// As much as FFmpeg's pictures may have on a side.
    private static let greatestSide = 32_768

    private static func size(_ text: String) throws -> InputSettings.Size {
        let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let width = sides[0], let height = sides[1],
            (1...greatestSide).contains(width), (1...greatestSide).contains(height)
        else { throw ValidationError("'\(text)' is no size such as 1920x1080") }
        return InputSettings.Size(width: width, height: height)
    }

    func validate() throws {
        let isRaw = ["raw", "rawvideo"].contains(inputFormat?.lowercased())
        if isRaw, inputSize == nil || inputPixFmt == nil {
            throw ValidationError("--input-format rawvideo takes --input-size and --input-pix-fmt")
        }
        if !isRaw, inputSize != nil || inputPixFmt != nil {
            throw ValidationError("--input-size and --input-pix-fmt take --input-format rawvideo")
        }
    }

    var settings: InputSettings {
        InputSettings(
            format: inputFormat, size: inputSize, pixelFormat: inputPixFmt, frameRate: inputRate?.rate,
            deinterlaces: deinterlace == .bwdif)
    }
}
