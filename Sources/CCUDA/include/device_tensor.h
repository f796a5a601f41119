// A feature map in the GPU's memory, as kernels get it. Read by the host's compiler and, embedded, by NVRTC.

#ifndef CCUDA_DEVICE_TENSOR_H
#define CCUDA_DEVICE_TENSOR_H

/// Channels last: the value of channel c at (x, y) is element (y * width + x) * pitch + c.
typedef struct {
    /// Address of the first value.
    unsigned long long data;
    /// Elements from one pixel to the next; more than `channels` where the map is a part of another or is padded.
    int pitch;
    int channels;
    int height;
    int width;
    /// 1: IEEE half precision; 0: float32.
    int isHalf;
    int unused;
} DeviceTensor;

#endif
