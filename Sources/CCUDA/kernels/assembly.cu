// The input of frame synthesis in one pass: both contexts and images warped adaptively, both flows and kernels, and the blend
// of the warped images, in the order of `WarpedPair`.
//
// A block makes a patch of pixels, since neighbouring pixels read nearly the same. First its threads weigh each tap of each
// pixel once, then they share out the sums: eight channels of a context, or a colour of an image, of one pixel.

#define CONTEXT 196
#define GROUPS 25 /* of eight channels; the last has four */
#define ASSEMBLY_WIDTH 8
#define ASSEMBLY_HEIGHT 4
#define ASSEMBLY_PIXELS (ASSEMBLY_WIDTH * ASSEMBLY_HEIGHT)
#define TAPS 16

struct Tap {
    float weight;
    int pixel;
};

template <int V>
__device__ __forceinline__ void sum_taps(const DeviceTensor &in, int c, const Tap *taps, float (&sum)[V]) {
#pragma unroll
    for (int i = 0; i < V; i++) sum[i] = 0;
#pragma unroll 8
    for (int tap = 0; tap < TAPS; tap++) {
        float values[V];
        load<V>(in, (long long)taps[tap].pixel * in.pitch + c, values);
#pragma unroll
        for (int i = 0; i < V; i++) sum[i] += taps[tap].weight * values[i];
    }
}

// 256 threads.
extern "C" __global__ void assemble(DeviceTensor image0, DeviceTensor image1, DeviceTensor context0, DeviceTensor context1,
                                    DeviceTensor flow0, DeviceTensor flow1, DeviceTensor taps0, DeviceTensor taps1, float t,
                                    const float *time, int first, DeviceTensor out, DeviceTensor mean) {
    __shared__ Tap shared[ASSEMBLY_PIXELS * 2 * TAPS];
    __shared__ float colours[ASSEMBLY_PIXELS * 6];
    if (time) t = *time;
    const int tiles = (out.width + ASSEMBLY_WIDTH - 1) / ASSEMBLY_WIDTH;
    const int left = blockIdx.x % tiles * ASSEMBLY_WIDTH, top = blockIdx.x / tiles * ASSEMBLY_HEIGHT;
    const int width = min(ASSEMBLY_WIDTH, out.width - left), height = min(ASSEMBLY_HEIGHT, out.height - top);
    const int pixels = width * height;

    for (int item = threadIdx.x; item < pixels * 2 * TAPS; item += blockDim.x) {
        const int tap = item % TAPS, side = item / TAPS % 2, p = item / (2 * TAPS);
        const int x = left + p % width, line = top + p / width, y = line + first;
        const DeviceTensor &flow = side ? flow1 : flow0, &taps = side ? taps1 : taps0;
        const Target goal = target(flow, y, x);
        const float raw = value(taps, pixel_offset(taps, y, x) + tap);
        Tap &to = shared[item];
        to.weight = goal.moves ? raw * quadrant(goal, tap) : tap == 0 ? 1.f : 0.f;
        to.pixel = goal.moves ? tap_pixel(goal, tap, flow.height, flow.width) : y * flow.width + x;
        // What is known of the pixel itself: its kernels, and its flows.
        const long long at = pixel_offset(out, line, x);
        set_value(out, at + 2 * (CONTEXT + 2) + side * TAPS + tap, raw);
        if (tap < 2) set_value(out, at + CONTEXT + 2 * side + tap, value(flow, pixel_offset(flow, y, x) + tap));
    }
    __syncthreads();

    for (int item = threadIdx.x; item < pixels * 2 * GROUPS; item += blockDim.x) {
        const int group = item % GROUPS, side = item / GROUPS % 2, p = item / (2 * GROUPS);
        const int x = left + p % width, line = top + p / width;
        float sum[8];
        sum_taps<8>(side ? context1 : context0, 8 * group, shared + (p * 2 + side) * TAPS, sum);
        const long long to = pixel_offset(out, line, x) + side * (CONTEXT + 4) + 8 * group;
        if (group < GROUPS - 1) {
            store<8>(out, to, sum);
        } else {
#pragma unroll
            for (int i = 0; i < CONTEXT - 8 * (GROUPS - 1); i++) set_value(out, to + i, sum[i]);
        }
    }
    for (int item = threadIdx.x; item < pixels * 6; item += blockDim.x) {
        const int c = item % 3, side = item / 3 % 2, p = item / 6;
        float sum[1];
        sum_taps<1>(side ? image1 : image0, c, shared + (p * 2 + side) * TAPS, sum);
        colours[item] = sum[0];
    }
    __syncthreads();

    for (int item = threadIdx.x; item < pixels * 3; item += blockDim.x) {
        const int c = item % 3, p = item / 3, x = left + p % width, line = top + p / width;
        const float blended = (1 - t) * colours[p * 6 + c] + t * colours[p * 6 + 3 + c];
        set_value(out, pixel_offset(out, line, x) + 2 * (CONTEXT + 2) + 2 * TAPS + c, blended);
        set_value(mean, pixel_offset(mean, line + first, x) + c, blended);
    }
}
