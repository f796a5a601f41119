// Convolution to at most sixteen channels, summed and written in float32 where the output is: flows, depth, taps and
// the rectified frame. Matrix units would compute eight or sixteen channels for one or two that are wanted.
//
// Weights are [tap][input channel][output channel], with zeros up to `inputs`, a multiple of eight.

// For few input channels: a thread makes all output channels of one pixel. The weights pass through shared memory in
// chunks of input channels; every thread reads the same weight at a time.

#define NARROW_BYTES 32768

template <int Outputs>
__device__ __forceinline__ void narrow_convolution(DeviceTensor in, const float *weights, int inputs, const float *bias,
                                                   int kernel, int stride, int dilation, float slope, DeviceTensor residual,
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
            shared[i] = c < channels ? weights[((long long)tap * inputs + start) * Outputs + rest] : 0.f;
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

// For many: `lanes` threads, a power of two, share Pixels pixels of a row. Each sums every so manieth eight of the input
// channels; weights are read once for all pixels, and neighbouring threads read neighbouring channels.
template <int Outputs, int Pixels>
__device__ __forceinline__ void shared_convolution(DeviceTensor in, const float *weights, int inputs, const float *bias,
                                                   int kernel, int stride, int dilation, float slope,
                                                   DeviceTensor residual, DeviceTensor out, int lanes) {
    const int lane = threadIdx.x % lanes, groups = (out.width + Pixels - 1) / Pixels;
    const long long group = ((long long)blockIdx.x * blockDim.x + threadIdx.x) / lanes;
    const int y = (int)(group / groups), first = (int)(group - (long long)y * groups) * Pixels;
    const int padding = dilation * (kernel - 1) / 2;
    float sums[Pixels][Outputs] = {};
    for (int tap = 0; tap < kernel * kernel; tap++) {
        const int row = y * stride + tap / kernel * dilation - padding;
        if (y >= out.height || row < 0 || row >= in.height) continue;
        const int left = first * stride + tap % kernel * dilation - padding;
        for (int c = 8 * lane; c < inputs; c += 8 * lanes) {
            float w[8 * Outputs];
            const float4 *from = (const float4 *)(weights + ((long long)tap * inputs + c) * Outputs);
#pragma unroll
            for (int i = 0; i < 2 * Outputs; i++) {
                const float4 four = __ldg(from + i);
                w[4 * i] = four.x;
                w[4 * i + 1] = four.y;
                w[4 * i + 2] = four.z;
                w[4 * i + 3] = four.w;
            }
#pragma unroll
            for (int p = 0; p < Pixels; p++) {
                const int column = left + p * stride;
                if (column < 0 || column >= in.width) continue;
                float values[8];
                load<8>(in, pixel_offset(in, row, column) + c, values);
#pragma unroll
                for (int i = 0; i < 8; i++) {
#pragma unroll
                    for (int o = 0; o < Outputs; o++) sums[p][o] += values[i] * w[i * Outputs + o];
                }
            }
        }
    }
    for (int step = lanes / 2; step > 0; step /= 2) {
#pragma unroll
        for (int p = 0; p < Pixels; p++) {
#pragma unroll
            for (int o = 0; o < Outputs; o++) sums[p][o] += __shfl_xor_sync(0xffffffffu, sums[p][o], step);
        }
    }
    if (y >= out.height) return;
#pragma unroll
    for (int p = 0; p < Pixels; p++) {
        const int x = first + p;
        if (lane != p % lanes || x >= out.width) continue;
#pragma unroll
        for (int o = 0; o < Outputs; o++) {
            float sum = sums[p][o] + bias[o];
            if (residual.data) sum += value(residual, pixel_offset(residual, y, x) + o);
            set_value(out, pixel_offset(out, y, x) + o, sum >= 0 ? sum : sum * slope);
        }
    }
}

#define PARAMETERS \
    DeviceTensor in, const float *weights, int inputs, const float *bias, int kernel, int stride, int dilation, float slope, \
        DeviceTensor residual, DeviceTensor out

#define NARROW(outputs) \
    extern "C" __global__ void __launch_bounds__(128) narrow_convolution_##outputs(PARAMETERS, int aligned) { \
        narrow_convolution<outputs>(in, weights, inputs, bias, kernel, stride, dilation, slope, residual, out, aligned); \
    }
NARROW(1)
NARROW(2)
NARROW(3)
NARROW(8)
NARROW(16)

#define SHARED(outputs, pixels) \
    extern "C" __global__ void __launch_bounds__(128) shared_convolution_##outputs(PARAMETERS, int lanes) { \
        shared_convolution<outputs, pixels>(in, weights, inputs, bias, kernel, stride, dilation, slope, residual, out, lanes); \
    }
SHARED(1, 4)
SHARED(2, 4)
SHARED(3, 4)
SHARED(8, 2)
