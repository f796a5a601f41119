// Bilinear sampling of a map at (x + scale·u, y + scale·v): zeros outside, and zero where less than 0.9999 of the
// sampling weights is inside.

template <int V>
__device__ __forceinline__ void warp_backward(DeviceTensor in, DeviceTensor flow, float scale, DeviceTensor out) {
    int y, x, c;
    if (!place<V>(out, y, x, c)) return;
    const long long at = pixel_offset(flow, y, x);
    const float column = x + value(flow, at) * scale, row = y + value(flow, at + 1) * scale;
    float sum[V] = {}, values[V], coverage = 0;
    // Far outside, where a conversion to an integer could overflow, nothing is covered. NaN fails too.
    if (fabsf(column) < 1e6f && fabsf(row) < 1e6f) {
        const int left = (int)floorf(column), top = (int)floorf(row);
        const float fx = column - left, fy = row - top;
#pragma unroll
        for (int corner = 0; corner < 4; corner++) {
            const int dy = corner / 2, dx = corner % 2, sy = top + dy, sx = left + dx;
            if (sy < 0 || sx < 0 || sy >= in.height || sx >= in.width) continue;
            const float weight = (dx ? fx : 1 - fx) * (dy ? fy : 1 - fy);
            load<V>(in, pixel_offset(in, sy, sx) + c, values);
#pragma unroll
            for (int i = 0; i < V; i++) sum[i] += weight * values[i];
            coverage += weight;
        }
    }
#pragma unroll
    for (int i = 0; i < V; i++) sum[i] = coverage >= 0.9999f ? sum[i] : 0.f;
    store<V>(out, pixel_offset(out, y, x) + c, sum);
}
FOR_EACH_WIDTH(warp_backward, (DeviceTensor in, DeviceTensor flow, float scale, DeviceTensor out),
               (in, flow, scale, out))
