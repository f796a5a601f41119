// The cost volume of PWC-Net: 81 displacements, mean over channels, LeakyReLU of slope 0.1.
//
// A block holds a tile of the first map and, four pixels wider on every side, of the second in shared memory, 16
// channels at a time. Four threads share a pixel: each sums every fourth displacement in registers. Without the tiles
// every value of the second map would be read 81 times.

#define TILE_WIDTH 16
#define TILE_HEIGHT 4
#define REACH 4
#define CHUNK 16
#define SHARES 4
#define DISPLACEMENTS 81
#define SUMS ((DISPLACEMENTS + SHARES - 1) / SHARES)
#define PATCH_WIDTH (TILE_WIDTH + 2 * REACH)
#define PATCH_HEIGHT (TILE_HEIGHT + 2 * REACH)
#define PATCH (PATCH_WIDTH * PATCH_HEIGHT)

extern "C" __global__ void __launch_bounds__(TILE_WIDTH *TILE_HEIGHT *SHARES)
    correlate(DeviceTensor first, DeviceTensor second, DeviceTensor out) {
    __shared__ float near[CHUNK][TILE_HEIGHT * TILE_WIDTH];
    __shared__ float wide[CHUNK][PATCH];
    const int left = blockIdx.x * TILE_WIDTH, top = blockIdx.y * TILE_HEIGHT;
    const int pixel = threadIdx.x % (TILE_WIDTH * TILE_HEIGHT), share = threadIdx.x / (TILE_WIDTH * TILE_HEIGHT);
    const int x = pixel % TILE_WIDTH, y = pixel / TILE_WIDTH;
    float sums[SUMS] = {};
    for (int start = 0; start < first.channels; start += CHUNK) {
        __syncthreads();
        // Channels are the fastest index of the maps, so of neighbouring threads too.
        for (int i = threadIdx.x; i < CHUNK * TILE_WIDTH * TILE_HEIGHT; i += blockDim.x) {
            const int c = i % CHUNK, p = i / CHUNK, row = top + p / TILE_WIDTH, column = left + p % TILE_WIDTH;
            const bool inside = row < first.height && column < first.width && start + c < first.channels;
            near[c][p] = inside ? value(first, pixel_offset(first, row, column) + start + c) : 0.f;
        }
        for (int i = threadIdx.x; i < CHUNK * PATCH; i += blockDim.x) {
            const int c = i % CHUNK, p = i / CHUNK;
            const int row = top + p / PATCH_WIDTH - REACH, column = left + p % PATCH_WIDTH - REACH;
            const bool inside = row >= 0 && column >= 0 && row < second.height && column < second.width
                                && start + c < second.channels;
            wide[c][p] = inside ? value(second, pixel_offset(second, row, column) + start + c) : 0.f;
        }
        __syncthreads();
        for (int c = 0; c < CHUNK; c++) {
            const float own = near[c][pixel];
            const float *others = &wide[c][y * PATCH_WIDTH + x];
#pragma unroll
            for (int k = 0; k < SUMS; k++) {
                const int d = min(share + SHARES * k, DISPLACEMENTS - 1);
                sums[k] += own * others[d / 9 * PATCH_WIDTH + d % 9];
            }
        }
    }
    if (top + y >= out.height || left + x >= out.width) return;
    const long long offset = pixel_offset(out, top + y, left + x);
#pragma unroll
    for (int k = 0; k < SUMS; k++) {
        const int d = share + SHARES * k;
        const float mean = sums[k] / first.channels;
        if (d < DISPLACEMENTS) set_value(out, offset + d, mean >= 0 ? mean : 0.1f * mean);
    }
}
