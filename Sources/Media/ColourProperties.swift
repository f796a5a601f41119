import CFFmpeg
import Pixels

/// How a frame's code values mean colours: range, matrix, and where chroma samples lie.
struct ColourProperties: Equatable {
    var isFullRange: Bool
    /// One of swscale's `SWS_CS_` constants.
    var matrix: Int32
    var chromaLocation: AVChromaLocation

    /// Reads a frame's own tags. What they leave open is guessed as players do: BT.601 below 720 lines and BT.709 from there,
    /// limited range (full for grey), chroma on the left (in the middle for full range, as JPEG has it).
    init(_ frame: VideoFrame) {
        let properties = frame.pointer.pointee
        let format = frame.format
        isFullRange =
            properties.color_range == AVCOL_RANGE_JPEG || format.isFullRangeByName || format.isRGB
            || format.isGrey && properties.color_range == AVCOL_RANGE_UNSPECIFIED
        matrix =
            switch properties.colorspace {
            case AVCOL_SPC_BT709: SWS_CS_ITU709
            case AVCOL_SPC_FCC: SWS_CS_FCC
            case AVCOL_SPC_BT470BG, AVCOL_SPC_SMPTE170M: SWS_CS_ITU601
            case AVCOL_SPC_SMPTE240M: SWS_CS_SMPTE240M
            case AVCOL_SPC_BT2020_NCL, AVCOL_SPC_BT2020_CL: SWS_CS_BT2020
            default: properties.height < 720 ? SWS_CS_ITU601 : SWS_CS_ITU709
            }
        chromaLocation = properties.chroma_location
        if chromaLocation == AVCHROMA_LOC_UNSPECIFIED {
            chromaLocation = isFullRange ? AVCHROMA_LOC_CENTER : AVCHROMA_LOC_LEFT
        }
    }

    /// Where swscale takes the first chroma sample to be, in 1/256 of a luma pixel; nil where that is not subsampled.
    func chromaPosition(for format: AVPixelFormat) -> (horizontal: Int64?, vertical: Int64?) {
        let shift = format.chromaShift
        let horizontal: Int64 =
            switch chromaLocation {
            case AVCHROMA_LOC_CENTER, AVCHROMA_LOC_TOP, AVCHROMA_LOC_BOTTOM: 128
            default: 0
            }
        let vertical: Int64 =
            switch chromaLocation {
            case AVCHROMA_LOC_TOPLEFT, AVCHROMA_LOC_TOP: 0
            case AVCHROMA_LOC_BOTTOMLEFT, AVCHROMA_LOC_BOTTOM: 256
            default: 128
            }
        // Formats that quarter a side have no location of their own: swscale's default is the middle.
        return (shift.width == 1 ? horizontal : nil, shift.height == 1 ? vertical : nil)
    }
}

extension ColourMatrix {
    init(_ colours: ColourProperties, depth: Int) {
        let (red, blue): (Float, Float) =
            switch colours.matrix {
            case SWS_CS_ITU709: (0.2126, 0.0722)
            case SWS_CS_FCC: (0.30, 0.11)
            case SWS_CS_SMPTE240M: (0.212, 0.087)
            case SWS_CS_BT2020: (0.2627, 0.0593)
            default: (0.299, 0.114)
            }
        self.init(red: red, blue: blue, isFullRange: colours.isFullRange, depth: depth)
    }
}
