import ArgumentParser
import Media

/// How the result is encoded.
struct EncodingOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Container (default: by the output's ending; yuv4mpeg for '-').", valueName: "name"),
        completion: .custom { _, _, _ in KnownNames.outputFormats })
    var format: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Video encoder or codec (default: H.264 where the container holds it).", valueName: "name"),
        completion: .custom { _, _, _ in KnownNames.videoEncoders })
    var codec: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Quality on the encoder's own scale; lower is better.", valueName: "number"))
    var crf: Double?

    @Option(
        name: .long, help: ArgumentHelp("Speed against size, as the encoder names it.", valueName: "name"),
        completion: .list([
            "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow",
        ]))
    var preset: String?

    @Option(
        name: .long, help: ArgumentHelp("Pixel format (default: the input's).", valueName: "name"),
        completion: .custom { _, _, _ in KnownNames.pixelFormats })
    var pixFmt: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Any further option of the encoder; may be repeated.", valueName: "key=value"),
        transform: EncoderOption.init(argument:))
    var encoderOption: [EncoderOption] = []

    struct EncoderOption {
        let option: EncoderSettings.Option

        init(argument: String) throws {
            guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else {
                throw ValidationError("'\(argument)' is no option with its value, such as tune=grain")
            }
            option = EncoderSettings.Option(
                key: String(argument[..<equals]), value: String(argument[argument.index(after: equals)...]))
        }
    }

    func validate() throws {
        if let crf, !(crf.isFinite && (-1000...1000).contains(crf)) {
            throw ValidationError("--crf must be a number")
        }
    }

    var settings: EncoderSettings {
        EncoderSettings(
            container: format, codec: codec, quality: crf, preset: preset, pixelFormat: pixFmt,
            options: encoderOption.map(\.option))
    }
}
