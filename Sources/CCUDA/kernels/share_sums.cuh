// How the blocks of a cluster that share the input channels of a tile (`copy_engine.cuh`) add up: each block for some lines of the
// tile, from the shared memory of all.

#if __CUDA_ARCH_FEAT_SM90_ALL

// Whether this block finishes a line of its tile.
template <bool IsSplit>
__device__ __forceinline__ bool finishes(int line) {
    return !IsSplit || line % gridDim.y == blockIdx.y;
}

__device__ __forceinline__ void cluster_barrier() {
    asm volatile("barrier.cluster.arrive.release.aligned;\n"
                 "barrier.cluster.wait.acquire.aligned;" ::: "memory");
}

__device__ __forceinline__ void store_four(unsigned address, const float *values) {
    asm volatile("st.shared.v4.f32 [%0], {%1, %2, %3, %4};" ::"r"(address), "f"(values[0]), "f"(values[1]), "f"(values[2]),
                 "f"(values[3])
                 : "memory");
}

// From the same place of another block of the cluster.
__device__ __forceinline__ float4 load_four_of(unsigned block, unsigned address) {
    float4 value;
    asm volatile("{ .reg .u32 there;\n"
                 "mapa.shared::cluster.u32 there, %4, %5;\n"
                 "ld.shared::cluster.v4.f32 {%0, %1, %2, %3}, [there]; }"
                 : "=f"(value.x), "=f"(value.y), "=f"(value.z), "=f"(value.w)
                 : "r"(address), "r"(block)
                 : "memory");
    return value;
}

// Adds up the sums of all shares in the order of the blocks, so that they are the same every time. All 256 threads that sum
// call it, each with its own; `line_of_eight` says which line of the tile a thread's eight sums belong to. Of the lines that
// this block does not finish, sums stay as they are. Shared memory from `at` on is used: 1 KiB for each of a thread's sums.
template <int Count, typename LineOfEight>
__device__ __forceinline__ void add_shares(float (&sums)[Count], unsigned at, LineOfEight line_of_eight) {
    const unsigned place = at + (threadIdx.x - 128) * 16;
    asm volatile("bar.sync 1, 256;" ::: "memory");
#pragma unroll
    for (int i = 0; i < Count / 4; i++) store_four(place + i * 4096, sums + 4 * i);
    cluster_barrier();
#pragma unroll
    for (int eight = 0; eight < Count / 8; eight++) {
        if (!finishes<true>(line_of_eight(eight))) continue;
#pragma unroll
        for (int i = 8 * eight; i < 8 * eight + 8; i += 4) {
            float4 total = make_float4(0, 0, 0, 0);
            for (unsigned block = 0; block < gridDim.y; block++) {
                const float4 share = load_four_of(block, place + i * 1024);
                total.x += share.x, total.y += share.y, total.z += share.z, total.w += share.w;
            }
            sums[i] = total.x, sums[i + 1] = total.y, sums[i + 2] = total.z, sums[i + 3] = total.w;
        }
    }
    // Until all have read, no block may write here again, or end.
    cluster_barrier();
}

#endif
