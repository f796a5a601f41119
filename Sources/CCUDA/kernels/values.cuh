// Reading and writing values of either precision; all arithmetic is in float32.
//
// No header of the CUDA toolkit is included: it is not there at run time.

typedef unsigned short half_bits;

__device__ __forceinline__ float from_half(half_bits bits) {
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
    return value;
}

// What half precision cannot hold becomes its largest value, not infinity: infinities turn into NaN further on.
__device__ __forceinline__ half_bits to_half(float value) {
    half_bits bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(fminf(fmaxf(value, -65504.f), 65504.f)));
    return bits;
}

__device__ __forceinline__ long long pixel_offset(const DeviceTensor &t, int y, int x) {
    return ((long long)y * t.width + x) * t.pitch;
}

// V consecutive channels from element `offset` on; V is 1, or 8 where `aligned` in Swift says that all are.
template <int V>
__device__ __forceinline__ void load(const DeviceTensor &t, long long offset, float (&out)[V]) {
    if (t.isHalf) {
        const half_bits *from = (const half_bits *)t.data + offset;
        if (V == 8) {
            const uint4 raw = *(const uint4 *)from;
            const unsigned words[4] = {raw.x, raw.y, raw.z, raw.w};
#pragma unroll
            for (int i = 0; i < V; i++) out[i] = from_half((half_bits)(words[i / 2] >> (16 * (i % 2))));
        } else {
#pragma unroll
            for (int i = 0; i < V; i++) out[i] = from_half(from[i]);
        }
    } else {
        const float *from = (const float *)t.data + offset;
        if (V == 8) {
            const float4 a = ((const float4 *)from)[0], b = ((const float4 *)from)[1];
            const float values[8] = {a.x, a.y, a.z, a.w, b.x, b.y, b.z, b.w};
#pragma unroll
            for (int i = 0; i < V; i++) out[i] = values[i];
        } else {
#pragma unroll
            for (int i = 0; i < V; i++) out[i] = from[i];
        }
    }
}

template <int V>
__device__ __forceinline__ void store(const DeviceTensor &t, long long offset, const float (&in)[V]) {
    if (t.isHalf) {
        half_bits *to = (half_bits *)t.data + offset;
        if (V == 8) {
            unsigned words[4];
#pragma unroll
            for (int i = 0; i < 4; i++) words[i] = to_half(in[(2 * i) % V]) | (unsigned)to_half(in[(2 * i + 1) % V]) << 16;
            *(uint4 *)to = make_uint4(words[0], words[1], words[2], words[3]);
        } else {
#pragma unroll
            for (int i = 0; i < V; i++) to[i] = to_half(in[i]);
        }
    } else {
        float *to = (float *)t.data + offset;
        if (V == 8) {
            ((float4 *)to)[0] = make_float4(in[0], in[1 % V], in[2 % V], in[3 % V]);
            ((float4 *)to)[1] = make_float4(in[4 % V], in[5 % V], in[6 % V], in[7 % V]);
        } else {
#pragma unroll
            for (int i = 0; i < V; i++) to[i] = in[i];
        }
    }
}

__device__ __forceinline__ float value(const DeviceTensor &t, long long offset) {
    return t.isHalf ? from_half(((const half_bits *)t.data)[offset]) : ((const float *)t.data)[offset];
}

__device__ __forceinline__ void set_value(const DeviceTensor &t, long long offset, float to) {
    if (t.isHalf)
        ((half_bits *)t.data)[offset] = to_half(to);
    else
        ((float *)t.data)[offset] = to;
}

// The place of a thread where each makes V channels of one pixel of `t`; false beyond the last.
template <int V>
__device__ __forceinline__ bool place(const DeviceTensor &t, int &y, int &x, int &channel) {
    const int groups = t.channels / V;
    const long long index = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (index >= (long long)t.height * t.width * groups) return false;
    const int pixel = (int)(index / groups);
    channel = (int)(index - (long long)pixel * groups) * V;
    y = pixel / t.width;
    x = pixel - y * t.width;
    return true;
}

// A kernel for one channel a thread and one for eight, of the same name with the number behind it.
#define FOR_EACH_WIDTH(name, parameters, arguments) \
    extern "C" __global__ void name##_1 parameters { name<1> arguments; } \
    extern "C" __global__ void name##_8 parameters { name<8> arguments; }
