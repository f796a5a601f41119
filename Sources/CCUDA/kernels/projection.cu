// Depth-aware flow projection (Bao et al., CVPR 2019, section 3.2), the same in every run.
//
// Several vectors may land on one pixel, in any order. Sums of floating point would depend on that order; sums of
// integers do not. So weights are divided by the largest of the frame, which changes no mean, and summed in fixed
// point of 36 fractional bits: weights are at most 1, vectors at most 2^13 pixels long, and a pixel would need 2^14
// of the longest to overflow.

#define FRACTION 68719476736.0 /* 2^36 */

// inverse depth: exp(-log depth) + 1e-6
extern "C" __global__ void invert_depth(DeviceTensor in, DeviceTensor out) {
    int y, x, c;
    if (!place<1>(out, y, x, c)) return;
    set_value(out, pixel_offset(out, y, x), 1e-6f + expf(-value(in, pixel_offset(in, y, x))));
}

// The bits of a positive float order as the float does. `largest` is zero before.
extern "C" __global__ void largest_weight(DeviceTensor weights, unsigned *largest) {
    const long long index = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    unsigned bits = 0;
    if (index < (long long)weights.height * weights.width) {
        const float weight = value(weights, index * weights.pitch);
        if (weight > 0 && weight < 3e38f) bits = __float_as_uint(weight);
    }
    for (int step = 16; step > 0; step /= 2) bits = max(bits, __shfl_xor_sync(0xffffffffu, bits, step));
    if (threadIdx.x % 32 == 0 && bits) atomicMax(largest, bits);
}

struct Sums {
    unsigned long long weight, x, y;
};

// Adds each vector, negated and weighted, to the four pixels around its target. `weights` may have no data.
extern "C" __global__ void splat(DeviceTensor flow, DeviceTensor weights, const unsigned *largest, Sums *sums) {
    int y, x, c;
    DeviceTensor pixels = flow;
    pixels.channels = 1;
    if (!place<1>(pixels, y, x, c)) return;
    const long long at = pixel_offset(flow, y, x);
    const float u = value(flow, at), v = value(flow, at + 1);
    const float column = x + u, row = y + v;
    if (!(column >= 0 && row >= 0 && column <= flow.width - 1 && row <= flow.height - 1)) return;
    float weight = 1;
    if (weights.data) {
        weight = value(weights, pixel_offset(weights, y, x)) / __uint_as_float(*largest);
        if (!(weight <= 1)) weight = 1;
    }
    const unsigned long long w = (unsigned long long)__double2ll_rn(weight * FRACTION);
    const unsigned long long wx = (unsigned long long)__double2ll_rn((double)weight * -u * FRACTION);
    const unsigned long long wy = (unsigned long long)__double2ll_rn((double)weight * -v * FRACTION);
    const int left = (int)column, top = (int)row;
    const int right = min(left + 1, flow.width - 1), bottom = min(top + 1, flow.height - 1);
    const int rows[2] = {top, bottom}, columns[2] = {left, right};
#pragma unroll
    for (int corner = 0; corner < 4; corner++) {
        Sums *to = sums + (long long)rows[corner / 2] * flow.width + columns[corner % 2];
        atomicAdd(&to->weight, w);
        atomicAdd(&to->x, wx);
        atomicAdd(&to->y, wy);
    }
}

__device__ __forceinline__ bool reached(const Sums *sums, long long pixel, float &x, float &y) {
    const Sums s = sums[pixel];
    if (s.weight == 0) return false;
    const double weight = (double)s.weight;
    x += (float)((double)(long long)s.x / weight);
    y += (float)((double)(long long)s.y / weight);
    return true;
}

// The mean of what landed; where nothing did, the mean of the nearest to the left, right, top and bottom.
extern "C" __global__ void fill_holes(const Sums *sums, DeviceTensor out) {
    int y, x, c;
    DeviceTensor pixels = out;
    pixels.channels = 1;
    if (!place<1>(pixels, y, x, c)) return;
    const int width = out.width, height = out.height;
    const long long pixel = (long long)y * width + x;
    float u = 0, v = 0;
    int found = 1;
    if (!reached(sums, pixel, u, v)) {
        found = 0;
        for (int i = x - 1; i >= 0; i--)
            if (reached(sums, pixel + i - x, u, v)) { found++; break; }
        for (int i = x + 1; i < width; i++)
            if (reached(sums, pixel + i - x, u, v)) { found++; break; }
        for (int i = y - 1; i >= 0; i--)
            if (reached(sums, pixel + (long long)(i - y) * width, u, v)) { found++; break; }
        for (int i = y + 1; i < height; i++)
            if (reached(sums, pixel + (long long)(i - y) * width, u, v)) { found++; break; }
    }
    const long long at = pixel_offset(out, y, x);
    set_value(out, at, found ? u / found : 0.f);
    set_value(out, at + 1, found ? v / found : 0.f);
}
