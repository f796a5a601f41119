// Copies: between the host's planes and channels last, between precisions, of parts.

// Planes [C, H, W] of float32, as the host holds them.
extern "C" __global__ void from_planes(const float *planes, DeviceTensor out) {
    int y, x, c;
    if (!place<1>(out, y, x, c)) return;
    set_value(out, pixel_offset(out, y, x) + c, planes[((long long)c * out.height + y) * out.width + x]);
}

extern "C" __global__ void to_planes(DeviceTensor in, float *planes) {
    // Neighbouring threads write neighbouring pixels of one plane.
    const long long index = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    const long long plane = (long long)in.height * in.width;
    if (index >= plane * in.channels) return;
    const long long c = index / plane, pixel = index - c * plane;
    planes[index] = value(in, pixel * in.pitch + c);
}

// out(x, y) = in(x + left, y + top), the border repeated outwards.
template <int V>
__device__ __forceinline__ void copy_part(DeviceTensor in, int left, int top, DeviceTensor out) {
    int y, x, c;
    if (!place<V>(out, y, x, c)) return;
    const int row = min(max(y + top, 0), in.height - 1), column = min(max(x + left, 0), in.width - 1);
    float values[V];
    load<V>(in, pixel_offset(in, row, column) + c, values);
    store<V>(out, pixel_offset(out, y, x) + c, values);
}
FOR_EACH_WIDTH(copy_part, (DeviceTensor in, int left, int top, DeviceTensor out), (in, left, top, out))

// Zeros in the channels of `out` from `first` on, `count` of them, which lie behind its last.
extern "C" __global__ void clear_padding(DeviceTensor out, int count) {
    const long long index = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    const long long pixel = index / count;
    if (pixel >= (long long)out.height * out.width) return;
    set_value(out, pixel * out.pitch + out.channels + (index - pixel * count), 0);
}

// Channel 4·c + 2·dy + dx at (x, y) becomes channel c at (2x + dx, 2y + dy).
extern "C" __global__ void depth_to_space(DeviceTensor in, DeviceTensor out) {
    int y, x, c;
    if (!place<1>(out, y, x, c)) return;
    set_value(out, pixel_offset(out, y, x) + c, value(in, pixel_offset(in, y / 2, x / 2) + 4 * c + 2 * (y % 2) + x % 2));
}

// The columns under a kernel of odd width become channels: out(x, column · channels + c) = in(x + column - width / 2, c),
// zero outside and behind the last. A thread makes eight channels.
extern "C" __global__ void gather_columns(DeviceTensor in, int channels, int width, DeviceTensor out) {
    int y, x, first;
    if (!place<8>(out, y, x, first)) return;
    float values[8];
#pragma unroll
    for (int i = 0; i < 8; i++) {
        const int column = (first + i) / channels, c = (first + i) - column * channels;
        const int from = x + column - width / 2;
        const bool inside = column < width && from >= 0 && from < in.width;
        values[i] = inside ? value(in, pixel_offset(in, y, from) + c) : 0.f;
    }
    store<8>(out, pixel_offset(out, y, x) + first, values);
}
