// Adaptive warping (Bao et al., CVPR 2019, section 3.3): for each pixel of all channels the 4x4 neighbourhood at its
// flow target, weighted by the pixel's own taps and by the bilinear factor of the quadrant that a tap lies in.

struct Target {
    int left, top;  // of the four pixels around the target
    float alpha, beta;
    bool moves;  // false: the pixel is copied
};

__device__ __forceinline__ Target target(const DeviceTensor &flow, int y, int x) {
    const long long at = pixel_offset(flow, y, x);
    const float u = value(flow, at), v = value(flow, at + 1);
    const float column = x + u, row = y + v;
    Target t;
    t.moves = column >= 0 && row >= 0 && column <= flow.width - 1 && row <= flow.height - 1
              && fabsf(u) < flow.width * 0.5f && fabsf(v) < flow.height * 0.5f;
    t.left = t.moves ? (int)column : x;
    t.top = t.moves ? (int)row : y;
    t.alpha = column - t.left;
    t.beta = row - t.top;
    return t;
}

__device__ __forceinline__ float quadrant(const Target &t, int tap) {
    return (tap / 4 < 2 ? 1 - t.beta : t.beta) * (tap % 4 < 2 ? 1 - t.alpha : t.alpha);
}

__device__ __forceinline__ int tap_pixel(const Target &t, int tap, int height, int width) {
    const int row = min(max(t.top - 1 + tap / 4, 0), height - 1), column = min(max(t.left - 1 + tap % 4, 0), width - 1);
    return row * width + column;
}

// For few channels: a thread makes all of one pixel, one after the other. `first` is the row of `flow` that is the
// first of `out`.
extern "C" __global__ void adaptive_warp_narrow(DeviceTensor in, DeviceTensor flow, DeviceTensor taps, int first,
                                                DeviceTensor out) {
    int line, x, unused;
    DeviceTensor pixels = out;
    pixels.channels = 1;
    if (!place<1>(pixels, line, x, unused)) return;
    const int y = line + first;
    const Target t = target(flow, y, x);
    const long long own = pixel_offset(in, y, x), to = pixel_offset(out, line, x), tap_offset = pixel_offset(taps, y, x);
    if (!t.moves) {
        for (int c = 0; c < out.channels; c++) set_value(out, to + c, value(in, own + c));
        return;
    }
    float weights[16];
#pragma unroll
    for (int tap = 0; tap < 16; tap++) weights[tap] = value(taps, tap_offset + tap) * quadrant(t, tap);
    for (int c = 0; c < out.channels; c++) {
        float sum = 0;
#pragma unroll
        for (int tap = 0; tap < 16; tap++)
            sum += weights[tap] * value(in, (long long)tap_pixel(t, tap, in.height, in.width) * in.pitch + c);
        set_value(out, to + c, sum);
    }
}

// For many channels: a warp makes a pixel. Its first sixteen lanes weigh one tap each; then every lane makes eight
// channels of the sum, so that a tap's channels are read by neighbouring lanes. All maps must be aligned for eight.
#define LANES 32
extern "C" __global__ void adaptive_warp_wide(DeviceTensor in, DeviceTensor flow, DeviceTensor taps, int first,
                                              DeviceTensor out) {
    const long long pixel = ((long long)blockIdx.x * blockDim.x + threadIdx.x) / LANES;
    const int lane = threadIdx.x % LANES;
    // The same for all lanes of a warp.
    if (pixel >= (long long)out.height * out.width) return;
    const int line = (int)(pixel / out.width), x = (int)(pixel - (long long)line * out.width), y = line + first;
    const Target t = target(flow, y, x);
    const long long to = pixel_offset(out, line, x);
    float weight = 0;
    int source = y * in.width + x;
    if (t.moves && lane < 16) {
        weight = value(taps, pixel_offset(taps, y, x) + lane) * quadrant(t, lane);
        source = tap_pixel(t, lane, in.height, in.width);
    }
    if (!t.moves && lane == 0) weight = 1;
    const int count = t.moves ? 16 : 1;
    for (int start = 0; start < out.channels; start += 8 * LANES) {
        const int c = start + 8 * lane;
        // Behind the last channel there is padding to read, but another map's channels to write.
        const bool whole = c + 8 <= out.channels, some = c < out.channels;
        float sum[8] = {}, values[8];
        for (int tap = 0; tap < count; tap++) {
            const float w = __shfl_sync(0xffffffffu, weight, tap);
            const int from = __shfl_sync(0xffffffffu, source, tap);
            if (!some) continue;
            load<8>(in, (long long)from * in.pitch + c, values);
#pragma unroll
            for (int i = 0; i < 8; i++) sum[i] += w * values[i];
        }
        if (whole) {
            store<8>(out, to + c, sum);
        } else if (some) {
            for (int i = 0; i < 8; i++)
                if (c + i < out.channels) set_value(out, to + c + i, sum[i]);
        }
    }
}

// out = (1 - t)·first + t·second; t is read from `time` where it is given.
extern "C" __global__ void blend(DeviceTensor first, DeviceTensor second, float t, const float *time, DeviceTensor out) {
    if (time) t = *time;
    int y, x, c;
    if (!place<1>(out, y, x, c)) return;
    const float a = value(first, pixel_offset(first, y, x) + c), b = value(second, pixel_offset(second, y, x) + c);
    set_value(out, pixel_offset(out, y, x) + c, (1 - t) * a + t * b);
}
