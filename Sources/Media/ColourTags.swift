import CFFmpeg

/// What a frame's colours mean, as its file states it. FFmpeg's names are used (`bt709`, `smpte2084`, `left`); nil is
/// unstated.
public struct ColourTags: Sendable, Hashable {
    public var primaries: String?
    public var transfer: String?
    public var matrix: String?
    public var chromaLocation: String?
    /// Whether code values use all of their bits, as opposed to 16 to 235 of 255.
    public var isFullRange: Bool?

    public init(
        primaries: String? = nil, transfer: String? = nil, matrix: String? = nil,
        chromaLocation: String? = nil, isFullRange: Bool? = nil
    ) {
        self.primaries = primaries
        self.transfer = transfer
        self.matrix = matrix
        self.chromaLocation = chromaLocation
        self.isFullRange = isFullRange
    }
}

extension VideoFrame {
    /// The tags of the frame.
    public var colours: ColourTags {
        let frame = pointer.pointee
        func known(_ name: UnsafePointer<CChar>?) -> String? {
            FFmpeg.string(name).flatMap { ["unknown", "unspecified"].contains($0) ? nil : $0 }
        }
        return ColourTags(
            primaries: known(av_color_primaries_name(frame.color_primaries)),
            transfer: known(av_color_transfer_name(frame.color_trc)),
            matrix: known(av_color_space_name(frame.colorspace)),
            chromaLocation: known(av_chroma_location_name(frame.chroma_location)),
            isFullRange: frame.color_range == AVCOL_RANGE_UNSPECIFIED
                ? nil : frame.color_range == AVCOL_RANGE_JPEG)
    }

    /// Sets the tags that are stated; throws for a name that FFmpeg does not know.
    func setColours(_ tags: ColourTags) throws(MediaError) {
        func value(_ name: String?, _ find: (UnsafePointer<CChar>) -> Int32) throws(MediaError) -> UInt32? {
            guard let name else { return nil }
            let found = name.withCString(find)
            guard found >= 0 else { throw .unknownColourTag(name: name) }
            return UInt32(found)
        }
        if let primaries = try value(tags.primaries, av_color_primaries_from_name) {
            pointer.pointee.color_primaries = AVColorPrimaries(primaries)
        }
        if let transfer = try value(tags.transfer, av_color_transfer_from_name) {
            pointer.pointee.color_trc = AVColorTransferCharacteristic(transfer)
        }
        if let matrix = try value(tags.matrix, av_color_space_from_name) {
            pointer.pointee.colorspace = AVColorSpace(matrix)
        }
        if let location = try value(tags.chromaLocation, av_chroma_location_from_name) {
            pointer.pointee.chroma_location = AVChromaLocation(location)
        }
        if let isFullRange = tags.isFullRange {
            pointer.pointee.color_range = isFullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
        }
    }
}
