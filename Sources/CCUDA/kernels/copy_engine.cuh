// How convolutions get their data from the copy engine of compute capability 9.0.
//
// A block makes 16x16 groups of pixels. For a chunk of input channels and one column of the kernel it needs 16 columns of
// groups, and more rows than it makes: they are brought to shared memory once, as a strip, and each row of the kernel reads
// them from another line on. A group takes 128 or 64 bytes and a line of 16 groups a multiple of 1024, so that every start
// keeps the pattern in which the copy engine swaps 16-byte pieces. What lies outside the map is read as zero by the copy engine,
// which is the convolution's padding.
//
// Strips and the weights of taps lie in rings of slots, with a barrier for full and one for empty.
//
// A step is a chunk and a column. Where a map has too few tiles for the GPU, the blocks of a cluster take a share of the steps
// each (`IsSplit`). `gridDim.y` is the number of shares.

#if __CUDA_ARCH_FEAT_SM90_ALL

#define WIDE_SIDE 16
#define WIDE_STRIPS 2
#define WIDE_TAPS 6 /* at most */

struct __align__(64) TensorMap {
    unsigned long long words[16];
};

__device__ __forceinline__ unsigned shared_address(const void *pointer) {
    return (unsigned)__cvta_generic_to_shared(pointer);
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
    asm volatile("{ .reg .pred p;\n"
                 "again: mbarrier.try_wait.parity.shared::cta.b64 p, [%0], %1;\n"
                 "@p bra done; bra again; done: }" ::"r"(barrier),
                 "r"(phase)
                 : "memory");
}

// Dimensions: channel, pixel of a group across, group across, pixel of a group down, group down.
__device__ __forceinline__ void copy_pixels(unsigned to, const TensorMap *map, unsigned barrier, int c, int px, int x, int py,
                                            int y) {
    asm volatile("cp.async.bulk.tensor.5d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5, %6, %7}], "
                 "[%2];" ::"r"(to),
                 "l"(map), "r"(barrier), "r"(c), "r"(px), "r"(x), "r"(py), "r"(y)
                 : "memory");
}

__device__ __forceinline__ void copy_weights(unsigned to, const TensorMap *map, unsigned barrier, int row) {
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {0, %3}], [%2];" ::"r"(to),
                 "l"(map), "r"(barrier), "r"(row)
                 : "memory");
}

// Where a block's data and barriers are in shared memory.
struct WideSlots {
    unsigned strips, taps;  // the first of each
    unsigned strip_bytes, tap_bytes;
    unsigned strip_full, strip_empty, tap_full, tap_empty;  // the first barrier of each
};

// All threads, before anything else. `Groups`: of warps that read.
template <int Groups>
__device__ __forceinline__ WideSlots prepare_slots(unsigned char *raw, unsigned long long *barriers, unsigned strip_bytes,
                                                   unsigned tap_bytes) {
    WideSlots slots;
    slots.strips = (shared_address(raw) + 1023) / 1024 * 1024;
    slots.taps = slots.strips + WIDE_STRIPS * strip_bytes;
    slots.strip_bytes = strip_bytes;
    slots.tap_bytes = tap_bytes;
    slots.strip_full = shared_address(barriers);
    slots.strip_empty = slots.strip_full + 8 * WIDE_STRIPS;
    slots.tap_full = slots.strip_empty + 8 * WIDE_STRIPS;
    slots.tap_empty = slots.tap_full + 8 * WIDE_TAPS;
    if (threadIdx.x == 0) {
        for (int i = 0; i < WIDE_STRIPS; i++) {
            barrier_init(slots.strip_full + 8 * i, 1);
            barrier_init(slots.strip_empty + 8 * i, Groups);
        }
        for (int i = 0; i < WIDE_TAPS; i++) {
            barrier_init(slots.tap_full + 8 * i, 1);
            barrier_init(slots.tap_empty + 8 * i, Groups);
        }
        asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
        asm volatile("fence.proxy.async;" ::: "memory");
    }
    __syncthreads();
    return slots;
}

// The steps of this block: from the first to the one before the last.
template <bool IsSplit>
__device__ __forceinline__ int first_step(const WideShape &shape) {
    return IsSplit ? (int)(blockIdx.y * shape.chunks * shape.columns / gridDim.y) : 0;
}

template <bool IsSplit>
__device__ __forceinline__ int last_step(const WideShape &shape) {
    return IsSplit ? (int)((blockIdx.y + 1) * shape.chunks * shape.columns / gridDim.y) : shape.chunks * shape.columns;
}

// One thread brings all that a block reads. `left` and `top` are in groups; a chunk has `channels` input channels, a tap `rows`
// rows of `weights`.
template <bool IsSplit>
__device__ __forceinline__ void bring_convolution(const TensorMap &input, const TensorMap &weights, const WideShape &shape,
                                                  const WideSlots &slots, int channels, int rows, int left, int top) {
    int slot = 0, place = 0, row = first_step<IsSplit>(shape) * shape.rows * rows;
    unsigned slot_phase = 1, place_phase = 1;  // At first every slot is empty.
    const int first_line = (-shape.radius * shape.dilation) >> shape.down;
    const unsigned part_bytes = slots.strip_bytes >> shape.down;
    int step = first_step<IsSplit>(shape), column = IsSplit ? step % shape.columns : 0;
    const int end = last_step<IsSplit>(shape);
    for (int chunk = IsSplit ? step / shape.columns : 0; chunk < shape.chunks; chunk++) {
        for (; column < shape.columns; column++) {
            if (IsSplit && step++ == end) return;
            const int x = (column - shape.radius) * shape.dilation;
            barrier_wait(slots.strip_empty + 8 * slot, slot_phase);
            barrier_expect(slots.strip_full + 8 * slot, slots.strip_bytes);
            for (int py = 0; py < 1 << shape.down; py++) {
                copy_pixels(slots.strips + slot * slots.strip_bytes + py * part_bytes, &input, slots.strip_full + 8 * slot,
                            chunk * channels, x & ((1 << shape.across) - 1), left + (x >> shape.across), py, top + first_line);
            }
            if (++slot == WIDE_STRIPS) slot = 0, slot_phase ^= 1;
            for (int i = 0; i < shape.rows; i++) {
                barrier_wait(slots.tap_empty + 8 * place, place_phase);
                barrier_expect(slots.tap_full + 8 * place, slots.tap_bytes);
                copy_weights(slots.taps + place * slots.tap_bytes, &weights, slots.tap_full + 8 * place, row);
                row += rows;
                if (++place == shape.taps) place = 0, place_phase ^= 1;
            }
        }
        column = 0;
    }
}

// The line of a strip where a row of the kernel begins to read.
__device__ __forceinline__ int line_of(const WideShape &shape, int row) {
    const int y = (row - shape.radius) * shape.dilation;
    return (y & ((1 << shape.down) - 1)) * shape.lines + (y >> shape.down) - ((-shape.radius * shape.dilation) >> shape.down);
}

#endif
