/// How the video is to be encoded; what is nil follows from the container and the input.
public struct EncoderSettings: Sendable, Hashable {
    /// FFmpeg's name of the container (`matroska`), in place of the one that the output's ending says.
    public var container: String?
    /// An encoder's name (`libx264`) or a codec's (`h264`).
    public var codec: String?
    /// Constant rate factor, on the encoder's own scale.
    public var quality: Double?
    public var preset: String?
    /// FFmpeg's name of a pixel format; by default the input's, if the encoder takes it.
    public var pixelFormat: String?
    /// Further options of the encoder, in their order.
    public var options: [Option]

    public struct Option: Sendable, Hashable {
        public var key: String
        public var value: String

        public init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    public init(
        container: String? = nil, codec: String? = nil, quality: Double? = nil, preset: String? = nil,
        pixelFormat: String? = nil, options: [Option] = []
    ) {
        self.container = container
        self.codec = codec
        self.quality = quality
        self.preset = preset
        self.pixelFormat = pixelFormat
        self.options = options
    }

    /// Quality and preset as the encoder's options, and the others behind them.
    var allOptions: [Option] {
        var all: [Option] = []
        if let quality {
            let isWhole = quality == quality.rounded() && abs(quality) < 1e9
            all.append(Option(key: "crf", value: isWhole ? String(Int(quality)) : String(quality)))
        }
        if let preset { all.append(Option(key: "preset", value: preset)) }
        return all + options
    }

    /// Whether a quality or bit rate is asked for, in one of the ways that encoders know.
    var statesQuality: Bool {
        allOptions.contains { ["crf", "b", "qp", "q", "qscale", "global_quality"].contains($0.key) }
    }
}
