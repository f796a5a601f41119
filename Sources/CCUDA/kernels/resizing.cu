// Pooling and upsampling.

template <int V, bool Maximum>
__device__ __forceinline__ void pool(DeviceTensor in, DeviceTensor out) {
    int y, x, c;
    if (!place<V>(out, y, x, c)) return;
    float result[V], values[V];
#pragma unroll
    for (int corner = 0; corner < 4; corner++) {
        load<V>(in, pixel_offset(in, 2 * y + corner / 2, 2 * x + corner % 2) + c, values);
#pragma unroll
        for (int i = 0; i < V; i++) {
            if (corner == 0)
                result[i] = values[i];
            else
                result[i] = Maximum ? fmaxf(result[i], values[i]) : result[i] + values[i];
        }
    }
    if (!Maximum) {
#pragma unroll
        for (int i = 0; i < V; i++) result[i] *= 0.25f;
    }
    store<V>(out, pixel_offset(out, y, x) + c, result);
}

template <int V>
__device__ __forceinline__ void max_pool(DeviceTensor in, DeviceTensor out) { pool<V, true>(in, out); }
FOR_EACH_WIDTH(max_pool, (DeviceTensor in, DeviceTensor out), (in, out))

template <int V>
__device__ __forceinline__ void average_pool(DeviceTensor in, DeviceTensor out) { pool<V, false>(in, out); }
FOR_EACH_WIDTH(average_pool, (DeviceTensor in, DeviceTensor out), (in, out))

template <int V>
__device__ __forceinline__ void add_upsampled_nearest(DeviceTensor in, DeviceTensor out) {
    int y, x, c;
    if (!place<V>(out, y, x, c)) return;
    float sum[V], values[V];
    const long long offset = pixel_offset(out, y, x) + c;
    load<V>(out, offset, sum);
    load<V>(in, pixel_offset(in, y / 2, x / 2) + c, values);
#pragma unroll
    for (int i = 0; i < V; i++) sum[i] += values[i];
    store<V>(out, offset, sum);
}
FOR_EACH_WIDTH(add_upsampled_nearest, (DeviceTensor in, DeviceTensor out), (in, out))

// Pixel centres aligned at half integers; times scale · (offset + slope · t), where t is read from `time` if that is given;
// `residual` is added where it has data.
template <int V>
__device__ __forceinline__ void upsample_bilinear(DeviceTensor in, float factor, float slope, float offset, float scale,
                                                  float t, const float *time, DeviceTensor residual, DeviceTensor out) {
    int y, x, c;
    if (!place<V>(out, y, x, c)) return;
    if (time) t = *time;
    scale *= offset + slope * t;
    const float row = fmaxf((y + 0.5f) / factor - 0.5f, 0.f), column = fmaxf((x + 0.5f) / factor - 0.5f, 0.f);
    const int top = (int)row, left = (int)column;
    const int bottom = min(top + 1, in.height - 1), right = min(left + 1, in.width - 1);
    const float fy = row - top, fx = column - left;
    const int rows[2] = {top, bottom}, columns[2] = {left, right};
    const float weights[4] = {(1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx};
    float sum[V] = {}, values[V];
#pragma unroll
    for (int corner = 0; corner < 4; corner++) {
        load<V>(in, pixel_offset(in, rows[corner / 2], columns[corner % 2]) + c, values);
#pragma unroll
        for (int i = 0; i < V; i++) sum[i] += weights[corner] * values[i];
    }
    if (residual.data) load<V>(residual, pixel_offset(residual, y, x) + c, values);
#pragma unroll
    for (int i = 0; i < V; i++) sum[i] = sum[i] * scale + (residual.data ? values[i] : 0.f);
    store<V>(out, pixel_offset(out, y, x) + c, sum);
}
FOR_EACH_WIDTH(upsample_bilinear,
               (DeviceTensor in, float factor, float slope, float offset, float scale, float t, const float *time,
                DeviceTensor residual, DeviceTensor out),
               (in, factor, slope, offset, scale, t, time, residual, out))
