// The sources of the kernels, embedded in the binary and compiled by NVRTC for the GPU found.

#ifndef CCUDA_KERNELS_H
#define CCUDA_KERNELS_H

typedef struct {
    const char *_Nonnull name;
    const char *_Nonnull text;
} KernelSource;

/// Every file under `kernels`, in the order in which they are compiled as one.
const KernelSource *_Nonnull kernelSources(int *_Nonnull count);

#endif
