// What follows a convolution where cuDNN does not do it: out = activation(in + bias + residual). `out` may be any of the
// others; `bias` is a map of one pixel; it and `residual` may have no data.

template <int V>
__device__ __forceinline__ void finish_convolution(DeviceTensor in, DeviceTensor bias, DeviceTensor residual, float slope,
                                                   DeviceTensor out) {
    int y, x, c;
    if (!place<V>(out, y, x, c)) return;
    float sum[V], values[V];
    load<V>(in, pixel_offset(in, y, x) + c, sum);
    if (bias.data) {
        load<V>(bias, c, values);
#pragma unroll
        for (int i = 0; i < V; i++) sum[i] += values[i];
    }
    if (residual.data) {
        load<V>(residual, pixel_offset(residual, y, x) + c, values);
#pragma unroll
        for (int i = 0; i < V; i++) sum[i] += values[i];
    }
#pragma unroll
    for (int i = 0; i < V; i++) sum[i] = sum[i] >= 0 ? sum[i] : sum[i] * slope;
    store<V>(out, pixel_offset(out, y, x) + c, sum);
}
FOR_EACH_WIDTH(finish_convolution,
               (DeviceTensor in, DeviceTensor bias, DeviceTensor residual, float slope, DeviceTensor out),
               (in, bias, residual, slope, out))
