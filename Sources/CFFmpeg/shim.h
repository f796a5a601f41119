// The FFmpeg C API as Swift sees it: the headers, the macros that Swift cannot import, and one spelling
// for what FFmpeg 5, 6 and 7 spell differently. Nothing here holds state.

#pragma once

#include <errno.h>
#include <stdbool.h>

#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/crc.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libavutil/sha.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"

static const int cffmpeg_error_end_of_file = AVERROR_EOF;
static const int cffmpeg_error_again = AVERROR(EAGAIN);
static const int cffmpeg_error_invalid_data = AVERROR_INVALIDDATA;
static const int cffmpeg_error_option_not_found = AVERROR_OPTION_NOT_FOUND;
static const int64_t cffmpeg_no_timestamp = AV_NOPTS_VALUE;

/// Whether Matroska's muxer writes display matrices; it does so since FFmpeg 6.1.
static inline bool cffmpeg_matroska_holds_rotation(void) {
    return avformat_version() >= AV_VERSION_INT(60, 16, 100);
}

/// `AVERROR(code)` for an `errno` value.
static inline int cffmpeg_error(int code) { return AVERROR(code); }

/// The frame's duration in its time base; 0 if unknown. FFmpeg 6 renamed the field.
static inline int64_t cffmpeg_frame_duration(const AVFrame *frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
    return frame->duration;
#else
    return frame->pkt_duration;
#endif
}

static inline void cffmpeg_set_frame_duration(AVFrame *frame, int64_t duration) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
    frame->duration = duration;
#else
    frame->pkt_duration = duration;
#endif
}

/// The pixel formats an encoder takes, ended by `AV_PIX_FMT_NONE`; null if it states none.
static inline const enum AVPixelFormat *cffmpeg_pixel_formats(const AVCodec *codec) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(61, 13, 100)
    const void *formats = NULL;
    int count = 0;
    if (avcodec_get_supported_config(NULL, codec, AV_CODEC_CONFIG_PIX_FORMAT, 0, &formats, &count) < 0)
        return NULL;
    return (const enum AVPixelFormat *)formats;
#else
    return codec->pix_fmts;
#endif
}

/// Gives an encoder of sound the rate, the channels and, of the formats that it takes, the one closest to what a decoder
/// makes. Negative where it takes none of them.
static inline int cffmpeg_describe_sound(AVCodecContext *encoder, const AVCodecContext *decoder) {
    const AVCodec *codec = encoder->codec;
    const enum AVSampleFormat *formats = NULL;
    const int *rates = NULL;
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(61, 13, 100)
    const void *found = NULL;
    int count = 0;
    if (avcodec_get_supported_config(NULL, codec, AV_CODEC_CONFIG_SAMPLE_FORMAT, 0, &found, &count) >= 0)
        formats = (const enum AVSampleFormat *)found;
    if (avcodec_get_supported_config(NULL, codec, AV_CODEC_CONFIG_SAMPLE_RATE, 0, &found, &count) >= 0)
        rates = (const int *)found;
#else
    formats = codec->sample_fmts;
    rates = codec->supported_samplerates;
#endif
    encoder->sample_fmt = formats ? formats[0] : decoder->sample_fmt;
    for (; formats && *formats != AV_SAMPLE_FMT_NONE; formats++)
        if (av_get_packed_sample_fmt(*formats) == av_get_packed_sample_fmt(decoder->sample_fmt))
            encoder->sample_fmt = *formats;
    encoder->sample_rate = rates ? rates[0] : decoder->sample_rate;
    for (; rates && *rates; rates++)
        if (*rates == decoder->sample_rate) encoder->sample_rate = *rates;
    encoder->time_base = (AVRational){1, encoder->sample_rate};
    if (decoder->ch_layout.order != AV_CHANNEL_ORDER_UNSPEC)
        return av_channel_layout_copy(&encoder->ch_layout, &decoder->ch_layout);
    av_channel_layout_default(&encoder->ch_layout, decoder->ch_layout.nb_channels);
    return 0;
}

// Side data of a stream lies in the stream up to FFmpeg 6.0, then in its codec parameters.
#define CFFMPEG_CODED_SIDE_DATA (LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100))

static inline int cffmpeg_side_data_count(const AVStream *stream) {
#if CFFMPEG_CODED_SIDE_DATA
    return stream->codecpar->nb_coded_side_data;
#else
    return stream->nb_side_data;
#endif
}

static inline AVPacketSideData cffmpeg_side_data(const AVStream *stream, int index) {
#if CFFMPEG_CODED_SIDE_DATA
    return stream->codecpar->coded_side_data[index];
#else
    return stream->side_data[index];
#endif
}

/// Adds a copy of `item` to the stream, in place of one of the same type.
static inline int cffmpeg_add_side_data(AVStream *stream, AVPacketSideData item) {
    uint8_t *copy = (uint8_t *)av_memdup(item.data, item.size);
    if (!copy) return AVERROR(ENOMEM);
#if CFFMPEG_CODED_SIDE_DATA
    AVCodecParameters *par = stream->codecpar;
    if (!av_packet_side_data_add(&par->coded_side_data, &par->nb_coded_side_data, item.type, copy, item.size, 0)) {
        av_free(copy);
        return AVERROR(ENOMEM);
    }
    return 0;
#else
    int result = av_stream_add_side_data(stream, item.type, copy, item.size);
    if (result < 0) av_free(copy);
    return result;
#endif
}

/// Appends a copy of a chapter.
static inline int cffmpeg_add_chapter(AVFormatContext *context, const AVChapter *source) {
    AVChapter *chapter = (AVChapter *)av_mallocz(sizeof(AVChapter));
    if (!chapter) return AVERROR(ENOMEM);
    AVChapter **grown = (AVChapter **)av_realloc_array(
        context->chapters, context->nb_chapters + 1, sizeof(*context->chapters));
    if (!grown) {
        av_free(chapter);
        return AVERROR(ENOMEM);
    }
    context->chapters = grown;
    context->chapters[context->nb_chapters++] = chapter;
    chapter->id = source->id;
    chapter->time_base = source->time_base;
    chapter->start = source->start;
    chapter->end = source->end;
    return av_dict_copy(&chapter->metadata, source->metadata, 0);
}

/// The `opaque` of the container or codec that logs; null for all others. Decoders' threads log with copies of their
/// context, which share it.
static inline void *cffmpeg_log_owner(void *context) {
    const AVClass *type = context ? *(const AVClass **)context : NULL;
    if (!type) return NULL;
    // Private contexts of formats and codecs log too, and are nothing to cast.
    if (type == avformat_get_class()) return ((AVFormatContext *)context)->opaque;
    if (type == avcodec_get_class()) return ((AVCodecContext *)context)->opaque;
    return NULL;
}

/// Whether a stream's pictures are made of two fields.
static inline bool cffmpeg_is_interlaced(const AVCodecParameters *parameters) {
    return parameters->field_order > AV_FIELD_PROGRESSIVE;
}

/// Of a stream with two fields, whether the upper one is shown first.
static inline bool cffmpeg_is_top_field_first(const AVCodecParameters *parameters) {
    return parameters->field_order == AV_FIELD_TT || parameters->field_order == AV_FIELD_BT;
}

// FFmpeg 6.1 made flags of what were fields.
#define CFFMPEG_FRAME_FLAGS (LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100))

/// Whether a frame is made of two fields.
static inline bool cffmpeg_frame_is_interlaced(const AVFrame *frame) {
#if CFFMPEG_FRAME_FLAGS
    return frame->flags & AV_FRAME_FLAG_INTERLACED;
#else
    return frame->interlaced_frame;
#endif
}

/// Says that a frame is made of two fields, and which is shown first.
static inline bool cffmpeg_frame_is_top_field_first(const AVFrame *frame) {
#if CFFMPEG_FRAME_FLAGS
    return frame->flags & AV_FRAME_FLAG_TOP_FIELD_FIRST;
#else
    return frame->top_field_first;
#endif
}

static inline void cffmpeg_mark_interlaced(AVFrame *frame, bool top_field_first) {
#if CFFMPEG_FRAME_FLAGS
    frame->flags |= AV_FRAME_FLAG_INTERLACED;
    if (top_field_first) frame->flags |= AV_FRAME_FLAG_TOP_FIELD_FIRST;
    else frame->flags &= ~AV_FRAME_FLAG_TOP_FIELD_FIRST;
#else
    frame->interlaced_frame = 1;
    frame->top_field_first = top_field_first;
#endif
}

// swscale's context is an incomplete type up to FFmpeg 7.0 and a complete one from then on, which Swift imports as
// different pointers: here it is untyped.
static inline void *cffmpeg_scaler_alloc(void) { return sws_alloc_context(); }

static inline int cffmpeg_scaler_init(void *scaler) {
    return sws_init_context((struct SwsContext *)scaler, NULL, NULL);
}

/// Sets matrix (one of `SWS_CS_`) and range of both sides. Formats without a matrix have none to set.
static inline void cffmpeg_scaler_set_colours(
    void *scaler, int source_matrix, bool source_full, int target_matrix, bool target_full) {
    sws_setColorspaceDetails(
        (struct SwsContext *)scaler, sws_getCoefficients(source_matrix), source_full,
        sws_getCoefficients(target_matrix), target_full, 0, 1 << 16, 1 << 16);
}

static inline int cffmpeg_scaler_run(void *scaler, AVFrame *target, const AVFrame *source) {
    return sws_scale_frame((struct SwsContext *)scaler, target, source);
}

static inline void cffmpeg_scaler_free(void *scaler) { sws_freeContext((struct SwsContext *)scaler); }

#pragma clang diagnostic pop
