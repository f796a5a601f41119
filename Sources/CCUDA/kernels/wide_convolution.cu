// Convolution by the matrix units of compute capability 9.0: an implicit matrix product of weights and pixels in half precision,
// summed in float32.
//
// A matrix of 64 rows takes the outputs of a group of pixels: 64 outputs of one pixel, 32 of two, 16 of four. Where the group
// has several pixels its kernel reaches over all of their neighbourhoods, with zeros where a pixel's own kernel ends; that
// is less arithmetic than rows of the matrix that nobody wants. Convolutions to 96 and 128 outputs take two such matrices.
//
// One warp brings data (`bring_convolution`). Two groups of four warps multiply: each one of the two matrices of weights, or each a
// half of the pixels.

#if __CUDA_ARCH_FEAT_SM90_ALL

#define WIDE_ROWS 64 /* of a matrix of weights */
#define WIDE_STAGED (2 * WIDE_ROWS + 16) /* bytes of a staged group: no two of eight in the same banks */

// A matrix in shared memory whose rows are `Channels` halves, as the matrix units read it.
template <int Channels>
__device__ __forceinline__ unsigned long long matrix(unsigned address) {
    return (unsigned long long)((address & 0x3ffff) >> 4) | 1ull << 16 | (unsigned long long)Channels << 32 |
           (Channels == 64 ? 1ull : 2ull) << 62;
}

#define WIDE_8(i) \
    "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), "+f"(d[i + 6]), "+f"(d[i + 7])
#define WIDE_64(i) \
    WIDE_8(i), WIDE_8(i + 8), WIDE_8(i + 16), WIDE_8(i + 24), WIDE_8(i + 32), WIDE_8(i + 40), WIDE_8(i + 48), WIDE_8(i + 56)

// sums += a * b for 64 rows of weights, 128 or 256 groups of pixels, 16 channels.
__device__ __forceinline__ void multiply(float (&d)[64], unsigned long long a, unsigned long long b) {
    asm volatile(
        "wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 "
        "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, "
        "%24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, "
        "%46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
        "%64, %65, 1, 1, 1, 0, 0;"
        : WIDE_64(0)
        : "l"(a), "l"(b));
}

__device__ __forceinline__ void multiply(float (&d)[128], unsigned long long a, unsigned long long b) {
    asm volatile(
        "wgmma.mma_async.sync.aligned.m64n256k16.f32.f16.f16 "
        "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, "
        "%24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, "
        "%46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, "
        "%68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, "
        "%90, %91, %92, %93, %94, %95, %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, "
        "%110, %111, %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127}, "
        "%128, %129, 1, 1, 1, 0, 0;"
        : WIDE_64(0), WIDE_64(64)
        : "l"(a), "l"(b));
}

// Four 8x8 pieces of a matrix, each column of which is 16 bytes at the address of a thread.
__device__ __forceinline__ void store_columns(unsigned address, const unsigned (&pairs)[4]) {
    asm volatile("stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(address), "r"(pairs[0]),
                 "r"(pairs[1]), "r"(pairs[2]), "r"(pairs[3])
                 : "memory");
}

__device__ __forceinline__ void load_columns(unsigned address, unsigned (&pairs)[4]) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(pairs[0]), "=r"(pairs[1]), "=r"(pairs[2]), "=r"(pairs[3])
                 : "r"(address)
                 : "memory");
}

__device__ __forceinline__ uint4 load_eight(unsigned address) {
    uint4 value;
    asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(value.x), "=r"(value.y), "=r"(value.z), "=r"(value.w)
                 : "r"(address)
                 : "memory");
    return value;
}

__device__ __forceinline__ void store_eight(unsigned address, uint4 value) {
    asm volatile("st.shared.v4.u32 [%0], {%1, %2, %3, %4};" ::"r"(address), "r"(value.x), "r"(value.y), "r"(value.z), "r"(value.w)
                 : "memory");
}

// The four warps that multiply together wait for each other.
__device__ __forceinline__ void wide_barrier(int part) {
    if (part == 0) {
        asm volatile("bar.sync 2, 128;" ::: "memory");
    } else {
        asm volatile("bar.sync 3, 128;" ::: "memory");
    }
}

template <int N>
struct Number {
    static constexpr int value = N;
};

// 384 threads. Weights are [chunk][column][row][matrix rows][channels]; the last chunk has `Last` times 16 channels.
template <int Channels, int Matrices, int Last>
__device__ __forceinline__ void wide_convolution(const TensorMap &input, const TensorMap &weights, const half_bits *bias,
                                                 const WideShape &shape, const DeviceTensor &residual, DeviceTensor out) {
    constexpr int Line = WIDE_SIDE * Channels * 2, Tap = Matrices * WIDE_ROWS * Channels * 2;
    constexpr int Groups = Matrices == 2 ? 256 : 128;  // of pixels, that four warps make
    extern __shared__ unsigned char raw[];
    __shared__ unsigned long long barriers[2 * (WIDE_STRIPS + WIDE_TAPS)];
    const WideSlots slots = prepare_slots<2>(raw, barriers, (shape.lines << shape.down) * Line, Tap);
    const int span = WIDE_SIDE << shape.across;
    const int tiles = (out.width + span - 1) / span;
    const int left = blockIdx.x % tiles * WIDE_SIDE, top = blockIdx.x / tiles * WIDE_SIDE;  // in groups
    const int warps = threadIdx.x / 128;
    if (warps == 0) {
        asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
        if (threadIdx.x == 0) bring_convolution<false>(input, weights, shape, slots, Channels, Matrices * WIDE_ROWS, left, top);
        return;
    }

    asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
    const int part = warps - 1, thread = threadIdx.x % 128;
    float sums[Groups / 2];
#pragma unroll
    for (int i = 0; i < Groups / 2; i++) sums[i] = 0;
    int slot = 0, place = 0, last_slot = -1, last_place = -1;
    unsigned slot_phase = 0, place_phase = 0;
    const unsigned pixels = slots.strips + (Matrices == 1 ? part * (WIDE_SIDE / 2) * Line : 0);
    const unsigned rows = slots.taps + (Matrices == 2 ? part * WIDE_ROWS * Channels * 2 : 0);
    auto run = [&](auto steps, int columns) {
        for (int column = 0; column < columns; column++) {
            barrier_wait(slots.strip_full + 8 * slot, slot_phase);
            for (int row = 0; row < shape.rows; row++) {
                barrier_wait(slots.tap_full + 8 * place, place_phase);
                const unsigned long long a = matrix<Channels>(rows + place * Tap);
                const unsigned long long b = matrix<Channels>(pixels + slot * slots.strip_bytes + line_of(shape, row) * Line);
                asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
                for (int k = 0; k < decltype(steps)::value; k++) multiply(sums, a + 2 * k, b + 2 * k);
                asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
                // The tap before this one is done: its slot can be filled again.
                asm volatile("wgmma.wait_group.sync.aligned 1;" ::: "memory");
                if (thread == 0) {
                    if (last_place >= 0) barrier_arrive(slots.tap_empty + 8 * last_place);
                    // With the first tap of a strip the strip before it is done.
                    if (row == 0 && last_slot >= 0) barrier_arrive(slots.strip_empty + 8 * last_slot);
                }
                last_place = place;
                if (++place == shape.taps) place = 0, place_phase ^= 1;
            }
            last_slot = slot;
            if (++slot == WIDE_STRIPS) slot = 0, slot_phase ^= 1;
        }
    };
    run(Number<Channels / 16>(), (shape.chunks - (Last != Channels / 16)) * shape.columns);
    asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
    if (Last != Channels / 16) {
        run(Number<Last>(), shape.columns);
        asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
    }

    // A thread has two rows of the matrix, and in each two of every eight groups. In shared memory each group's outputs come
    // together; nobody reads strips any more once both have come here.
    const int warp = thread / 32, lane = thread % 32;
    const unsigned staged = slots.strips + part * Groups * WIDE_STAGED;
    const int first_row = Matrices == 2 ? part * WIDE_ROWS : 0, low = first_row + 16 * warp + lane / 4;
    const float bias_low = from_half(bias[low % shape.outputs]), bias_high = from_half(bias[(low + 8) % shape.outputs]);
    // Where eight outputs of a group are, in elements of a map; -1 outside, and for rows of the matrix that no pixel needs.
    auto place_of = [&](int item, const DeviceTensor &map) -> long long {
        const int group = item / 8, row = first_row + item % 8 * 8, pixel = row / shape.outputs;
        const int gy = top + (Matrices == 1 ? part * (WIDE_SIDE / 2) : 0) + group / WIDE_SIDE;
        const int x = ((left + group % WIDE_SIDE) << shape.across) + (pixel & ((1 << shape.across) - 1));
        const int y = (gy << shape.down) + (pixel >> shape.across);
        const bool is_wanted = pixel >> (shape.across + shape.down) == 0;
        return is_wanted && x < map.width && y < map.height ? pixel_offset(map, y, x) + row % shape.outputs : -1;
    };
    asm volatile("bar.sync 1, 256;" ::: "memory");
    if (residual.data) {
        // Eight on their way at a time.
        for (int start = thread; start < Groups * 8; start += 8 * 128) {
            uint4 eights[8];
#pragma unroll
            for (int i = 0; i < 8; i++) {
                const long long from = place_of(start + 128 * i, residual);
                eights[i] = from >= 0 ? *(const uint4 *)((const half_bits *)residual.data + from) : make_uint4(0, 0, 0, 0);
            }
#pragma unroll
            for (int i = 0; i < 8; i++) {
                const int item = start + 128 * i;
                store_eight(staged + item / 8 * WIDE_STAGED + item % 8 * 16, eights[i]);
            }
        }
        wide_barrier(part);
    }
#pragma unroll
    for (int j = 0; j < Groups / 8; j += 2) {
        const int group = 8 * (j + lane / 16) + lane % 8, row = 16 * warp + 8 * (lane / 8 % 2);
        const unsigned address = staged + group * WIDE_STAGED + 2 * row;
        unsigned pairs[4] = {};
        if (residual.data) load_columns(address, pairs);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float offset = i % 2 ? bias_high : bias_low;
            float a = sums[4 * j + 2 * i] + offset + from_half((half_bits)pairs[i]);
            float b = sums[4 * j + 2 * i + 1] + offset + from_half((half_bits)(pairs[i] >> 16));
            a = a >= 0 ? a : a * shape.slope;
            b = b >= 0 ? b : b * shape.slope;
            pairs[i] = to_half(a) | (unsigned)to_half(b) << 16;
        }
        store_columns(address, pairs);
    }
    wide_barrier(part);
    for (int item = thread; item < Groups * 8; item += 128) {
        const long long to = place_of(item, out);
        if (to >= 0) *(uint4 *)((half_bits *)out.data + to) = load_eight(staged + item / 8 * WIDE_STAGED + item % 8 * 16);
    }
}

#define WIDE(name, channels, matrices, last) \
    extern "C" __global__ void __launch_bounds__(384, 1) \
        name(const __grid_constant__ TensorMap input, const __grid_constant__ TensorMap weights, const half_bits *bias, \
             const __grid_constant__ WideShape shape, DeviceTensor residual, DeviceTensor out) { \
        wide_convolution<channels, matrices, last>(input, weights, bias, shape, residual, out); \
    }
WIDE(wide_convolution_64, 64, 1, 4)
WIDE(wide_convolution_32, 32, 1, 2)
WIDE(wide_convolution_128_1, 64, 2, 1)
WIDE(wide_convolution_128_2, 64, 2, 2)
WIDE(wide_convolution_128_3, 64, 2, 3)
WIDE(wide_convolution_128_4, 64, 2, 4)

#endif
