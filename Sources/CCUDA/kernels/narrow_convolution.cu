// Convolution to at most sixteen channels, summed and written in float32 where the output is: flows, depth, taps and
// the rectified frame. Matrix units would compute eight or sixteen channels for one or two that are wanted.
//
// A thread makes all output channels of one pixel. The weights, [tap][input channel][Outputs], pass through shared
// memory in chunks of input channels; every thread reads the same weight at a time.

#define NARROW_BYTES 32768

template <int Outputs>
__device__ __forceinline__ void narrow_convolution(DeviceTensor in, const float *weights, const float *bias, int kernel,
                                                   int stride, int dilation, float slope, DeviceTensor residual,
                                                   DeviceTensor out, int aligned) {
    __shared__ float shared[NARROW_BYTES / 4];
    const int taps = kernel * kernel, padding = dilation * (kernel - 1) / 2;
    // Channels of a chunk: a multiple of eight.
    const int chunk = min((NARROW_BYTES / 4 / (taps * Outputs)) / 8 * 8, (in.channels + 7) / 8 * 8);
    int y, x, unused;
    DeviceTensor pixels = out;
    pixels.channels = 1;
    const bool inside = place<1>(pixels, y, x, unused);
    float sums[Outputs] = {};
    for (int start = 0; start < in.channels; start += chunk) {
        const int channels = min(chunk, in.channels - start);
        __syncthreads();
        for (int i = threadIdx.x; i < taps * chunk * Outputs; i += blockDim.x) {
            const int tap = i / (chunk * Outputs), rest = i - tap * chunk * Outputs, c = rest / Outputs;
            shared[i] = c < channels ? weights[((long long)tap * in.channels + start) * Outputs + rest] : 0.f;
        }
        __syncthreads();
        if (!inside) continue;
        for (int tap = 0; tap < taps; tap++) {
            const int row = y * stride + tap / kernel * dilation - padding;
            const int column = x * stride + tap % kernel * dilation - padding;
            if (row < 0 || column < 0 || row >= in.height || column >= in.width) continue;
            const long long offset = pixel_offset(in, row, column) + start;
            const float *w = shared + tap * chunk * Outputs;
            int c = 0;
            if (aligned) {
                for (; c + 8 <= channels; c += 8) {
                    float values[8];
                    load<8>(in, offset + c, values);
#pragma unroll
                    for (int i = 0; i < 8; i++) {
#pragma unroll
                        for (int o = 0; o < Outputs; o++) sums[o] += values[i] * w[(c + i) * Outputs + o];
                    }
                }
            }
            for (; c < channels; c++) {
                const float single = value(in, offset + c);
#pragma unroll
                for (int o = 0; o < Outputs; o++) sums[o] += single * w[c * Outputs + o];
            }
        }
    }
    if (!inside) return;
    const long long to = pixel_offset(out, y, x);
#pragma unroll
    for (int o = 0; o < Outputs; o++) {
        float sum = sums[o] + bias[o];
        if (residual.data) sum += value(residual, pixel_offset(residual, y, x) + o);
        set_value(out, to + o, sum >= 0 ? sum : sum * slope);
    }
}

#define NARROW(outputs) \
    extern "C" __global__ void __launch_bounds__(128) narrow_convolution_##outputs( \
        DeviceTensor in, const float *weights, const float *bias, int kernel, int stride, int dilation, float slope, \
        DeviceTensor residual, DeviceTensor out, int aligned) { \
        narrow_convolution<outputs>(in, weights, bias, kernel, stride, dilation, slope, residual, out, aligned); \
    }
NARROW(1)
NARROW(2)
NARROW(3)
NARROW(8)
NARROW(16)
