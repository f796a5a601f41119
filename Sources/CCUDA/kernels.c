#include "include/kernels.h"

// `#embed` of C23, which clang offers in every language mode.
#pragma clang diagnostic ignored "-Wc23-extensions"

#define EMBED_END , 0

static const char deviceTensor[] = {
#embed "include/device_tensor.h"
    EMBED_END};
static const char sampleLayout[] = {
#embed "include/sample_layout.h"
    EMBED_END};
static const char values[] = {
#embed "kernels/values.cuh"
    EMBED_END};
static const char layout[] = {
#embed "kernels/layout.cu"
    EMBED_END};
static const char resizing[] = {
#embed "kernels/resizing.cu"
    EMBED_END};
static const char samples[] = {
#embed "kernels/samples.cu"
    EMBED_END};
static const char correlation[] = {
#embed "kernels/correlation.cu"
    EMBED_END};
static const char backwardWarp[] = {
#embed "kernels/backward_warp.cu"
    EMBED_END};
static const char projection[] = {
#embed "kernels/projection.cu"
    EMBED_END};
static const char adaptiveWarp[] = {
#embed "kernels/adaptive_warp.cu"
    EMBED_END};
static const char assembly[] = {
#embed "kernels/assembly.cu"
    EMBED_END};
static const char epilogue[] = {
#embed "kernels/epilogue.cu"
    EMBED_END};
static const char narrowConvolution[] = {
#embed "kernels/narrow_convolution.cu"
    EMBED_END};

static const char wideShape[] = {
#embed "include/wide_shape.h"
    EMBED_END};
static const char copyEngine[] = {
#embed "kernels/copy_engine.cuh"
    EMBED_END};
static const char wideConvolution[] = {
#embed "kernels/wide_convolution.cu"
    EMBED_END};
static const char shareSums[] = {
#embed "kernels/share_sums.cuh"
    EMBED_END};
static const char floatConvolution[] = {
#embed "kernels/float_convolution.cu"
    EMBED_END};

static const KernelSource sources[] = {
    {"device_tensor.h", deviceTensor},
    {"sample_layout.h", sampleLayout},
    {"values.cuh", values},
    {"layout.cu", layout},
    {"resizing.cu", resizing},
    {"samples.cu", samples},
    {"correlation.cu", correlation},
    {"backward_warp.cu", backwardWarp},
    {"projection.cu", projection},
    {"adaptive_warp.cu", adaptiveWarp},
    {"assembly.cu", assembly},
    {"epilogue.cu", epilogue},
    {"narrow_convolution.cu", narrowConvolution},
    {"wide_shape.h", wideShape},
    {"copy_engine.cuh", copyEngine},
    {"wide_convolution.cu", wideConvolution},
    {"share_sums.cuh", shareSums},
    {"float_convolution.cu", floatConvolution},
};

const KernelSource *kernelSources(int *count) {
    *count = sizeof(sources) / sizeof(sources[0]);
    return sources;
}
