import CFFmpeg

/// Refuses values that FFmpeg hands on to an encoder's library, which takes them for something else or complains about them in
/// words of its own on standard error.
enum EncoderOptionCheck {
    static let presets = [
        "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow",
        "placebo",
    ]
    /// Of x264: one of the first, which are for the eye or a measure, and any of the others.
    private static let tunings = (
        one: ["film", "animation", "grain", "stillimage", "psnr", "ssim", "touhou"],
        any: ["fastdecode", "zerolatency"]
    )
    /// Of x264, each of which holds all that those before it do.
    private static let profiles = ["baseline", "main", "high", "high10", "high422", "high444"]

    /// Checks one option. `context` is described, and has the options before it.
    static func check(
        _ option: EncoderSettings.Option, for encoder: String,
        _ context: UnsafeMutablePointer<AVCodecContext>,
        among all: [EncoderSettings.Option]
    ) throws(MediaError) {
        guard ["libx264", "libx264rgb", "libx265"].contains(encoder) else { return }
        let isX264 = encoder != "libx265"
        func refuse(_ accepted: String) -> MediaError {
            .invalidEncoderOption(
                name: option.key, value: option.value, encoder: encoder, accepted: accepted)
        }
        switch option.key {
        case "preset":
            let isNumber = Int(option.value).map { (0...9).contains($0) } ?? false
            if !isNumber, !presets.contains(option.value) { throw refuse(presets.joined(separator: ", ")) }
        case "tune" where isX264:
            let parts = option.value.split { ",./-+".contains($0) }.map(String.init)
            guard parts.allSatisfy((tunings.one + tunings.any).contains),
                parts.count(where: tunings.one.contains) <= 1
            else {
                throw refuse(
                    "one of \(tunings.one.joined(separator: ", ")), and \(tunings.any.joined(separator: ", "))"
                )
            }
        case "profile" where isX264:
            let needed = leastProfile(for: context, all)
            let accepted = profiles.drop { $0 != needed }
            if !accepted.contains(option.value) {
                throw refuse(
                    accepted.joined(separator: ", ") + (needed == "baseline" ? "" : " for this video"))
            }
        case "crf", "qp":
            // More bits a sample make finer steps, which x264 counts on behind those of eight bits; crf is scaled.
            let extra = 6 * max(0, context.pointee.pix_fmt.depth - 8)
            let greatest = Double(isX264 && option.key == "qp" ? 51 + extra : 51)
            // Words and other notations of numbers are FFmpeg's to judge.
            if let value = Double(option.value), !(0...greatest).contains(value) {
                throw refuse("0 to \(Int(greatest))")
            }
        case "x264-params" where isX264, "x265-params" where !isX264:
            for pair in option.value.split(separator: ":") {
                let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2, ["crf", "qp"].contains(parts[0]) else { continue }
                try check(
                    EncoderSettings.Option(key: parts[0], value: parts[1]), for: encoder, context, among: all)
            }
        default: break
        }
    }

    /// The least of x264's profiles that holds a video, by the pixel format and what the user asks for.
    private static func leastProfile(
        for context: UnsafeMutablePointer<AVCodecContext>, _ options: [EncoderSettings.Option]
    ) -> String {
        let format = context.pointee.pix_fmt
        func value(_ key: String) -> Double? {
            options.last { $0.key == key }.flatMap { Double($0.value) }
        }
        let isLossless =
            value("qp").map { $0 <= 0 } ?? value("crf").map { Int($0) + 6 * (format.depth - 8) <= 0 } ?? false
        if isLossless || format.isRGB || !format.isGrey && format.chromaShift == (0, 0) { return "high444" }
        if format.chromaShift == (1, 0), !format.isGrey { return "high422" }
        if format.depth > 8 { return "high10" }
        if format.isGrey { return "high" }
        return context.pointee.flags & AV_CODEC_FLAG_INTERLACED_DCT != 0 ? "main" : "baseline"
    }

    /// What FFmpeg takes for an option, in words: a range or names; nil where it is text.
    static func accepted(_ key: String, in context: UnsafeMutablePointer<AVCodecContext>) -> String? {
        var owner: UnsafeMutableRawPointer?
        guard let found = av_opt_find2(context, key, nil, 0, AV_OPT_SEARCH_CHILDREN, &owner), let owner
        else { return nil }
        let option = found.pointee
        var names: [String] = []
        var next = av_opt_next(owner, nil)
        while let constant = next {
            if constant.pointee.type == AV_OPT_TYPE_CONST, let unit = option.unit,
                let its = constant.pointee.unit,
                strcmp(unit, its) == 0
            {
                names.append(String(cString: constant.pointee.name))
            }
            next = av_opt_next(owner, constant)
        }
        if !names.isEmpty {
            return names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", …" : "")
        }
        let isNumber = [
            AV_OPT_TYPE_INT, AV_OPT_TYPE_INT64, AV_OPT_TYPE_UINT64, AV_OPT_TYPE_FLOAT, AV_OPT_TYPE_DOUBLE,
        ].contains(option.type)
        guard isNumber else { return nil }
        func text(_ value: Double) -> String? {
            guard abs(value) < 1e9 else { return nil }
            return value == value.rounded() ? "\(Int(value))" : "\(value)"
        }
        return switch (text(option.min), text(option.max)) {
        case (let least?, let greatest?): "\(least) to \(greatest)"
        case (let least?, nil): "numbers from \(least)"
        case (nil, let greatest?): "numbers up to \(greatest)"
        case (nil, nil): "numbers"
        }
    }
}
