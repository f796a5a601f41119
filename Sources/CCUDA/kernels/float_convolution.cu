// Convolution in float32 for GPUs with the copy engine of compute capability 9.0. cuDNN reaches half of what this does.
//
// The cut is that of `wide_convolution.cu`: rows of a matrix are the outputs of a group of one, two or four pixels. A thread makes
// eight rows for eight or sixteen groups, and a warp 32 rows. One thread brings data (`bring_convolution`): 32 channels of a
// group, and the rows' weights of a channel side by side.
//
// Kernels that split a tile among blocks are others: in one for both, every multiplication was a tenth slower.

#if __CUDA_ARCH_FEAT_SM90_ALL

#define FLOAT_CHANNELS 32
#define FLOAT_LINE (WIDE_SIDE * FLOAT_CHANNELS * 4)

__device__ __forceinline__ float2 load_two(unsigned address) {
    float2 value;
    asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];" : "=f"(value.x), "=f"(value.y) : "r"(address));
    return value;
}

__device__ __forceinline__ float4 load_four(unsigned address) {
    float4 value;
    asm volatile("ld.shared.v4.f32 {%0, %1, %2, %3}, [%4];"
                 : "=f"(value.x), "=f"(value.y), "=f"(value.z), "=f"(value.w)
                 : "r"(address));
    return value;
}

// 384 threads. Weights are [chunk][column][row][channel][matrix rows]. A thread makes `Groups` groups.
template <int Matrices, int Groups, bool IsSplit>
__device__ __forceinline__ void float_convolution(const TensorMap &input, const TensorMap &weights, const float *bias,
                                                  const WideShape &shape, const DeviceTensor &residual, DeviceTensor out) {
    constexpr int Rows = 64 * Matrices, Tap = FLOAT_CHANNELS * Rows * 4, Warps = 64 / Groups * Matrices;
    constexpr int Across = 32 / Groups;  // warps side by side that share rows
    extern __shared__ unsigned char raw[];
    __shared__ unsigned long long barriers[2 * (WIDE_STRIPS + WIDE_TAPS)];
    const WideSlots slots = prepare_slots<Warps>(raw, barriers, (shape.lines << shape.down) * FLOAT_LINE, Tap);
    const int span = WIDE_SIDE << shape.across;
    const int tiles = (out.width + span - 1) / span;
    const int left = blockIdx.x % tiles * WIDE_SIDE, top = blockIdx.x / tiles * WIDE_SIDE;  // in groups
    if (threadIdx.x < 128) {
        asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
        if (threadIdx.x == 0) bring_convolution<IsSplit>(input, weights, shape, slots, FLOAT_CHANNELS, FLOAT_CHANNELS, left, top);
        return;
    }
    asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
    const int warp = threadIdx.x / 32 - 4, lane = threadIdx.x % 32;

    // Every eighth group of some lines is a thread's, so that neighbouring threads read neighbouring groups, whose pieces
    // the copy engine has put into different banks.
    const int first_line = warp % Across * (Groups / 2), column = lane % 8;
    const int row = warp / Across * 32 + lane / 8 * 8;
    const unsigned pixels = slots.strips + first_line * FLOAT_LINE + column * FLOAT_CHANNELS * 4;
    const unsigned rows = slots.taps + row * 4;
    float sums[Groups * 8] = {};  // [group][row]
    int slot = 0, place = 0;
    unsigned slot_phase = 0, place_phase = 0;
    for (int step = first_step<IsSplit>(shape); step < last_step<IsSplit>(shape); step++) {
        barrier_wait(slots.strip_full + 8 * slot, slot_phase);
        for (int kernel_row = 0; kernel_row < shape.rows; kernel_row++) {
            barrier_wait(slots.tap_full + 8 * place, place_phase);
            const unsigned from = pixels + slot * slots.strip_bytes + line_of(shape, kernel_row) * FLOAT_LINE;
            const unsigned factors = rows + place * Tap;
#pragma unroll 2
            for (int pair = 0; pair < FLOAT_CHANNELS / 2; pair++) {
                const unsigned at = from + (((pair / 2) ^ column) << 4) + pair % 2 * 8;
                float2 values[Groups];
#pragma unroll
                for (int i = 0; i < Groups; i++) values[i] = load_two(at + i * (FLOAT_LINE / 2));
#pragma unroll
                for (int k = 0; k < 2; k++) {
                    const float4 low = load_four(factors + (2 * pair + k) * (Rows * 4));
                    const float4 high = load_four(factors + (2 * pair + k) * (Rows * 4) + 16);
                    const float w[8] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
#pragma unroll
                    for (int i = 0; i < Groups; i++) {
#pragma unroll
                        for (int j = 0; j < 8; j++) sums[8 * i + j] += (k == 0 ? values[i].x : values[i].y) * w[j];
                    }
                }
            }
            __syncwarp();
            if (lane == 0) barrier_arrive(slots.tap_empty + 8 * place);
            if (++place == shape.taps) place = 0, place_phase ^= 1;
        }
        if (lane == 0) barrier_arrive(slots.strip_empty + 8 * slot);
        if (++slot == WIDE_STRIPS) slot = 0, slot_phase ^= 1;
    }

    if constexpr (IsSplit) add_shares(sums, slots.strips, [&](int group) { return first_line + group / 2; });

    const int pixel = row / shape.outputs, channel = row % shape.outputs;
    if (pixel >> (shape.across + shape.down)) return;  // Rows that no pixel needs.
    const int px = pixel & ((1 << shape.across) - 1), py = pixel >> shape.across;
    float offsets[8];
#pragma unroll
    for (int j = 0; j < 8; j++) offsets[j] = bias[channel + j];
#pragma unroll
    for (int i = 0; i < Groups; i++) {
        const int x = ((left + column + i % 2 * 8) << shape.across) + px, y = ((top + first_line + i / 2) << shape.down) + py;
        if (x >= out.width || y >= out.height || !finishes<IsSplit>(first_line + i / 2)) continue;
        float added[8] = {};
        if (residual.data) load<8>(residual, pixel_offset(residual, y, x) + channel, added);
#pragma unroll
        for (int j = 0; j < 8; j++) {
            const float sum = sums[8 * i + j] + offsets[j] + added[j];
            added[j] = sum >= 0 ? sum : sum * shape.slope;
        }
        store<8>(out, pixel_offset(out, y, x) + channel, added);
    }
}

#define FLOAT(name, matrices, groups, is_split) \
    extern "C" __global__ void __launch_bounds__(384, 1) \
        name(const __grid_constant__ TensorMap input, const __grid_constant__ TensorMap weights, const float *bias, \
             const __grid_constant__ WideShape shape, DeviceTensor residual, DeviceTensor out) { \
        float_convolution<matrices, groups, is_split>(input, weights, bias, shape, residual, out); \
    }
FLOAT(float_convolution_64, 1, 8, false)
FLOAT(float_convolution_128, 2, 16, false)
FLOAT(float_convolution_64_split, 1, 8, true)
FLOAT(float_convolution_128_split, 2, 16, true)

#endif
