// A convolution of many channels to 128, by the matrix units of compute capability 9.0: implicit matrix product, 64 input
// channels at a time.
//
// A block makes 16x16 pixels of all outputs. For 64 channels and one column of the kernel it needs 16 columns of pixels,
// `kernel - 1` rows more than it makes: they are brought to shared memory once, and each row of the kernel reads them
// from another line on. A line of 16 pixels of 64 channels takes 2048 bytes, so that every start keeps the pattern of
// 1024 bytes in which the copy engine swaps 16-byte pieces and the matrix units expect them. What lies outside the map is
// read as zero by the copy engine, which is the convolution's padding.
//
// One warp brings data, in rings of slots with a barrier for full and one for empty; two groups of four warps multiply, 128
// pixels each.

#if __CUDA_ARCH_FEAT_SM90_ALL

#define WIDE_SIDE 16
#define WIDE_OUTPUTS 128
#define WIDE_CHANNELS 64
#define WIDE_LINE (WIDE_SIDE * WIDE_CHANNELS * 2)                          /* bytes of a line of pixels */
#define WIDE_STRIP(kernel) ((WIDE_SIDE + (kernel) - 1) * WIDE_LINE)        /* of the pixels under a column of the kernel */
#define WIDE_TAP (WIDE_OUTPUTS * WIDE_CHANNELS * 2)                        /* of a tap's weights */
#define WIDE_STRIPS 2
#define WIDE_TAPS 6
#define WIDE_GROUPS 2

struct __align__(64) TensorMap {
    unsigned long long words[16];
};

__device__ __forceinline__ unsigned shared_address(const void *pointer) {
    unsigned address;
    asm("{ .reg .u64 t; cvta.to.shared.u64 t, %1; cvt.u32.u64 %0, t; }" : "=r"(address) : "l"(pointer));
    return address;
}

__device__ __forceinline__ void barrier_init(unsigned barrier, unsigned count) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(count));
}

__device__ __forceinline__ void barrier_expect(unsigned barrier, unsigned bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes) : "memory");
}

__device__ __forceinline__ void barrier_arrive(unsigned barrier) {
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}

__device__ __forceinline__ void barrier_wait(unsigned barrier, unsigned phase) {
    unsigned done = 0;
    while (!done)
        asm volatile("{ .reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2; selp.u32 %0, 1, 0, p; }"
                     : "=r"(done)
                     : "r"(barrier), "r"(phase)
                     : "memory");
}

__device__ __forceinline__ void copy_box(unsigned to, const TensorMap *map, unsigned barrier, int c, int x, int y) {
    asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5}], [%2];" ::"r"(to),
                 "l"(map), "r"(barrier), "r"(c), "r"(x), "r"(y)
                 : "memory");
}

// A matrix of rows of 128 bytes in shared memory, as the matrix units read it.
__device__ __forceinline__ unsigned long long matrix(unsigned address) {
    return (unsigned long long)((address & 0x3ffff) >> 4) | 1ull << 16 | 64ull << 32 | 1ull << 62;
}

// sums += a · b for 64 pixels, 128 outputs, 16 channels.
__device__ __forceinline__ void multiply(float (&d)[64], unsigned long long a, unsigned long long b) {
    asm volatile(
        "{ .reg .pred p; setp.ne.b32 p, %66, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 "
        "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
        "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "
        "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "
        "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
        "%64, %65, p, 1, 1, 0, 0; }"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]),
          "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),
          "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]),
          "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]),
          "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]),
          "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]),
          "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]),
          "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63])
        : "l"(a), "l"(b), "r"(1));
}

// 384 threads: the first group of four warps brings data, the others multiply. `input` is [H][W][channels], `weights`
// [tap][output][channel]; `chunks` times 64 channels. `bias` is in half precision, as the output is.
extern "C" __global__ void __launch_bounds__(384, 1)
    wide_convolution(const __grid_constant__ TensorMap input, const __grid_constant__ TensorMap weights,
                     const half_bits *bias, int chunks, int kernel, float slope, DeviceTensor out) {
    extern __shared__ __align__(1024) unsigned char raw[];
    __shared__ unsigned long long barriers[2 * (WIDE_STRIPS + WIDE_TAPS)];
    const unsigned base = (shared_address(raw) + 1023) / 1024 * 1024;
    const unsigned strips = base, taps = base + WIDE_STRIPS * WIDE_STRIP(kernel);
    const unsigned strip_full = shared_address(barriers), strip_empty = strip_full + 8 * WIDE_STRIPS;
    const unsigned tap_full = strip_empty + 8 * WIDE_STRIPS, tap_empty = tap_full + 8 * WIDE_TAPS;
    const int tiles = (out.width + WIDE_SIDE - 1) / WIDE_SIDE;
    const int left = blockIdx.x % tiles * WIDE_SIDE, top = blockIdx.x / tiles * WIDE_SIDE;
    const int group = threadIdx.x / 128, radius = kernel / 2;
    if (threadIdx.x == 0) {
        for (int i = 0; i < WIDE_STRIPS; i++) {
            barrier_init(strip_full + 8 * i, 1);
            barrier_init(strip_empty + 8 * i, WIDE_GROUPS);
        }
        for (int i = 0; i < WIDE_TAPS; i++) {
            barrier_init(tap_full + 8 * i, 1);
            barrier_init(tap_empty + 8 * i, WIDE_GROUPS);
        }
        asm volatile("fence.mbarrier_init.release.cluster; fence.proxy.async;" ::: "memory");
    }
    __syncthreads();

    if (group == 0) {
        asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
        if (threadIdx.x != 0) return;
        unsigned strip = 0, tap = 0;  // so many were brought
        for (int chunk = 0; chunk < chunks; chunk++) {
            for (int dx = 0; dx < kernel; dx++) {
                const unsigned slot = strip % WIDE_STRIPS, round = strip / WIDE_STRIPS;
                if (round > 0) barrier_wait(strip_empty + 8 * slot, (round - 1) % 2);
                barrier_expect(strip_full + 8 * slot, WIDE_STRIP(kernel));
                copy_box(strips + slot * WIDE_STRIP(kernel), &input, strip_full + 8 * slot, chunk * WIDE_CHANNELS,
                         left + dx - radius, top - radius);
                strip++;
                for (int dy = 0; dy < kernel; dy++) {
                    const unsigned place = tap % WIDE_TAPS, turn = tap / WIDE_TAPS;
                    if (turn > 0) barrier_wait(tap_empty + 8 * place, (turn - 1) % 2);
                    barrier_expect(tap_full + 8 * place, WIDE_TAP);
                    copy_box(taps + place * WIDE_TAP, &weights, tap_full + 8 * place, chunk * WIDE_CHANNELS, 0,
                             dy * kernel + dx);
                    tap++;
                }
            }
        }
        return;
    }

    asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
    const int part = group - 1, thread = threadIdx.x % 128;
    float sums[2][64];
#pragma unroll
    for (int i = 0; i < 64; i++) sums[0][i] = sums[1][i] = 0;
    unsigned strip = 0, tap = 0;
    for (int step = 0; step < chunks * kernel; step++, strip++) {
        const unsigned slot = strip % WIDE_STRIPS;
        barrier_wait(strip_full + 8 * slot, strip / WIDE_STRIPS % 2);
        const unsigned pixels = strips + slot * WIDE_STRIP(kernel) + part * (WIDE_SIDE / WIDE_GROUPS) * WIDE_LINE;
        for (int dy = 0; dy < kernel; dy++, tap++) {
            const unsigned place = tap % WIDE_TAPS;
            barrier_wait(tap_full + 8 * place, tap / WIDE_TAPS % 2);
            const unsigned long long a0 = matrix(pixels + dy * WIDE_LINE), a1 = matrix(pixels + (dy + 4) * WIDE_LINE);
            const unsigned long long b = matrix(taps + place * WIDE_TAP);
            asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
            for (int k = 0; k < WIDE_CHANNELS / 16; k++) {
                multiply(sums[0], a0 + 2 * k, b + 2 * k);
                multiply(sums[1], a1 + 2 * k, b + 2 * k);
            }
            asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
            // The tap before this one is done: its slot can be filled again.
            asm volatile("wgmma.wait_group.sync.aligned 1;" ::: "memory");
            if (thread == 0 && tap > 0) barrier_arrive(tap_empty + 8 * ((tap - 1) % WIDE_TAPS));
            // With the first tap of a strip the strip before it is done.
            if (thread == 0 && dy == 0 && strip > 0) barrier_arrive(strip_empty + 8 * ((strip - 1) % WIDE_STRIPS));
        }
    }
    asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");

    // A warp has a line of 16 pixels of each half, a thread two outputs of every eight of two of its pixels.
    const int warp = thread / 32, lane = thread % 32;
#pragma unroll
    for (int half = 0; half < 2; half++) {
        const int y = top + part * (WIDE_SIDE / WIDE_GROUPS) + half * 4 + warp;
        if (y >= out.height) continue;
#pragma unroll
        for (int side = 0; side < 2; side++) {
            const int x = left + lane / 4 + 8 * side;
            if (x >= out.width) continue;
            half_bits *to = (half_bits *)out.data + pixel_offset(out, y, x);
#pragma unroll
            for (int j = 0; j < 16; j++) {
                const int c = 8 * j + lane % 4 * 2;
                float first = sums[half][4 * j + 2 * side] + from_half(bias[c]);
                float second = sums[half][4 * j + 2 * side + 1] + from_half(bias[c + 1]);
                first = first >= 0 ? first : first * slope;
                second = second >= 0 ? second : second * slope;
                *(unsigned *)(to + c) = to_half(first) | (unsigned)to_half(second) << 16;
            }
        }
    }
}

#endif
