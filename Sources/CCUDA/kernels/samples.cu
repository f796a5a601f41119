// Y'CbCr samples to RGB and back. Planes follow one another without gaps: Y', Cb, Cr.
//
// Chroma is filtered in whole numbers, first along rows and then along columns, with the roundings that swscale has, so that
// pictures converted here match those that the CPU converts. Floats are rounded after each operation, as on the CPU.

__device__ __forceinline__ float times(float a, float b) { return __fmul_rn(a, b); }
__device__ __forceinline__ float plus(float a, float b) { return __fadd_rn(a, b); }

__device__ __forceinline__ int clamped(int value, int most) { return min(max(value, 0), most); }

__device__ __forceinline__ int sample(const SampleLayout &s, const unsigned char *samples, long long index) {
    return s.bytesPerSample == 1 ? samples[index] : ((const unsigned short *)samples)[index];
}

// Stores the nearest sample to a value of 16 bits.
__device__ __forceinline__ void set_sample(const SampleLayout &s, unsigned char *samples, long long index, int to) {
    const int shift = 16 - s.depth, rounded = min((to + (1 << (shift - 1))) >> shift, (1 << s.depth) - 1);
    if (s.bytesPerSample == 1)
        samples[index] = (unsigned char)rounded;
    else
        ((unsigned short *)samples)[index] = (unsigned short)rounded;
}

// The new sample (x, y) in 16 bits, of a plane of `depth` bits and `width` columns whose samples `read` gives.
template <typename Read>
__device__ __forceinline__ int resampled(const SampleFilter &columns, const SampleFilter &rows, int depth, int width, int x,
                                         int y, Read read) {
    const short *across = (const short *)columns.weights + (long long)x * columns.taps;
    const short *down = (const short *)rows.weights + (long long)y * rows.taps;
    long long line = (long long)((const int *)rows.first)[y] * width + ((const int *)columns.first)[x];
    // Sums of 31 bits, less half of that, so that 32 hold what overshoots.
    unsigned sum = (1u << 14) - (1u << 30);
    for (int row = 0; row < rows.taps; row++, line += width) {
        int part = 0;
        for (int column = 0; column < columns.taps; column++) part += read(line + column) * across[column];
        part = min(part >> (depth - 5), (1 << 19) - 1);
        if (rows.taps == 1) return clamped((part + 4) >> 3, 65535);
        sum += (unsigned)part * (unsigned)(int)down[row];
    }
    return clamped(((int)sum >> 15) + 32768, 65535);
}

// The picture's first pixel comes to (left, top) of `out`, and its border is repeated outwards. `reach` holds how far values
// go below 0, and the greatest value or 1; it grows.
extern "C" __global__ void from_samples(const SampleLayout *layout, const unsigned char *samples, int left, int top,
                                        DeviceTensor out, unsigned *reach) {
    const SampleLayout s = *layout;
    const long long index = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    float below = 0, above = 1;
    if (index < (long long)out.height * out.width) {
        const int row = (int)(index / out.width), column = (int)(index - (long long)row * out.width);
        const int x = clamped(column - left, s.width - 1), y = clamped(row - top, s.height - 1);
        const long long luma = (long long)s.width * s.height, chroma = (long long)s.chromaWidth * s.chromaHeight;
        const int cb = resampled(s.columnsUp, s.rowsUp, s.depth, s.chromaWidth, x, y,
                                 [&](long long at) { return sample(s, samples, luma + at); });
        const int cr = resampled(s.columnsUp, s.rowsUp, s.depth, s.chromaWidth, x, y,
                                 [&](long long at) { return sample(s, samples, luma + chroma + at); });
        const int code = sample(s, samples, (long long)y * s.width + x) << (16 - s.depth);
        const float light = plus(code, -s.black) / s.lumaSpan;
        const float u = plus(cb, -s.grey) / s.chromaSpan, v = plus(cr, -s.grey) / s.chromaSpan;
        const float red = plus(light, times(times(2, plus(1, -s.red)), v));
        const float blue = plus(light, times(times(2, plus(1, -s.blue)), u));
        const float rest = plus(plus(light, -times(s.red, red)), -times(s.blue, blue));
        const float rgb[3] = {red, rest / plus(plus(1, -s.red), -s.blue), blue};
#pragma unroll
        for (int c = 0; c < 3; c++) {
            set_value(out, index * out.pitch + c, rgb[c]);
            below = fmaxf(below, -rgb[c]);
            above = fmaxf(above, rgb[c]);
        }
    }
#pragma unroll
    for (int step = 16; step > 0; step /= 2) {
        below = fmaxf(below, __shfl_xor_sync(0xffffffffu, below, step));
        above = fmaxf(above, __shfl_xor_sync(0xffffffffu, above, step));
    }
    // Floats that are not negative are in the order of their bits. Most pictures have nothing to tell.
    if (threadIdx.x % 32 == 0) {
        if (below > 0) atomicMax(reach, __float_as_uint(below));
        if (above > 1) atomicMax(reach + 1, __float_as_uint(above));
    }
}

// The nearest code of 16 bits.
__device__ __forceinline__ int code(float value) { return (int)fminf(value > 0 ? plus(value, 0.5f) : 0.f, 65535.f); }

// The luma of a picture, and its chroma at all pixels in 16 bits, plane by plane, which `chroma_to_samples` reads. Values are
// brought into the range that the reaches make up together; what is no number is black.
extern "C" __global__ void to_samples(const SampleLayout *layout, DeviceTensor in, const float *reach0, const float *reach1,
                                      unsigned short *chroma, unsigned char *samples) {
    const SampleLayout s = *layout;
    const long long index = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    const long long count = (long long)s.width * s.height;
    if (index >= count) return;
    const float least = -fmaxf(reach0[0], reach1[0]), most = fmaxf(reach0[1], reach1[1]);
    float rgb[3];
#pragma unroll
    for (int c = 0; c < 3; c++) {
        const float given = value(in, index * in.pitch + c);
        // No code value lies beyond -8 and 8.
        rgb[c] = given != given ? 0.f : fminf(fmaxf(fminf(fmaxf(given, least), most), -8.f), 8.f);
    }
    const float green = plus(plus(1, -s.red), -s.blue);
    const float light = plus(plus(times(s.red, rgb[0]), times(green, rgb[1])), times(s.blue, rgb[2]));
    const float u = times(s.chromaSpan, plus(rgb[2], -light)) / times(2, plus(1, -s.blue));
    const float v = times(s.chromaSpan, plus(rgb[0], -light)) / times(2, plus(1, -s.red));
    set_sample(s, samples, index, code(plus(s.black, times(s.lumaSpan, light))));
    chroma[index] = (unsigned short)code(plus(s.grey, u));
    chroma[count + index] = (unsigned short)code(plus(s.grey, v));
}

extern "C" __global__ void chroma_to_samples(const SampleLayout *layout, const unsigned short *chroma,
                                             unsigned char *samples) {
    const SampleLayout s = *layout;
    const long long index = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    const long long count = (long long)s.chromaWidth * s.chromaHeight, luma = (long long)s.width * s.height;
    if (index >= 2 * count) return;
    const unsigned short *plane = index < count ? chroma : chroma + luma;
    const int pixel = (int)(index < count ? index : index - count);
    const int y = pixel / s.chromaWidth, x = pixel - y * s.chromaWidth;
    const int made = resampled(s.columnsDown, s.rowsDown, 16, s.width, x, y, [&](long long at) { return (int)plane[at]; });
    set_sample(s, samples, luma + index, made);
}
