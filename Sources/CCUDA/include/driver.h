// The CUDA driver API (libcuda).

#ifndef CCUDA_DRIVER_H
#define CCUDA_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#include "tables.h"

typedef int CUdevice;
typedef uint64_t CUdeviceptr;
typedef struct CUctx_st *CUcontext;
typedef struct CUstream_st *CUstream;
typedef struct CUevent_st *CUevent;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUgraph_st *CUgraph;
typedef struct CUgraphExec_st *CUgraphExec;

enum {
    CCUDA_SUCCESS = 0,
    CCUDA_ERROR_OUT_OF_MEMORY = 2,
    CCUDA_ERROR_NO_DEVICE = 100,
};

enum {
    CCUDA_ATTRIBUTE_MULTIPROCESSOR_COUNT = 16,
    CCUDA_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
    CCUDA_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76,
};

enum {
    CCUDA_STREAM_NON_BLOCKING = 1,
    CCUDA_STREAM_CAPTURE_MODE_RELAXED = 2,
    CCUDA_EVENT_DEFAULT = 0,
    CCUDA_FUNCTION_DYNAMIC_SHARED_BYTES = 8,
    CCUDA_TENSOR_MAP_HALF = 6,
    CCUDA_TENSOR_MAP_FLOAT = 7,
    CCUDA_TENSOR_MAP_PLAIN = 0,
    CCUDA_TENSOR_MAP_SWIZZLE_64 = 2,
    CCUDA_TENSOR_MAP_SWIZZLE_128 = 3,
    CCUDA_TENSOR_MAP_L2_256 = 3,
    CCUDA_TENSOR_MAP_ZEROS_OUTSIDE = 0,
    CCUDA_EVENT_WITHOUT_TIMING = 2,
    CCUDA_LAUNCH_CLUSTER_DIMENSION = 4,
};

// How the copy engine of compute capability 9.0 finds a tensor. The driver writes it to multiples of 64 bytes.
typedef struct {
    uint64_t words[16];
} CUtensorMap;

typedef struct {
    int kind;
    int padding;
    // Of a cluster: blocks in each direction.
    unsigned x, y, z;
    unsigned unused[13];
} CUlaunchAttribute;

typedef struct {
    unsigned gridX, gridY, gridZ;
    unsigned blockX, blockY, blockZ;
    unsigned sharedBytes;
    CUstream _Nullable stream;
    CUlaunchAttribute *_Nullable attributes;
    unsigned attributeCount;
} CUlaunchConfig;

// The symbol is the version that this interface was written for.
#define CCUDA_DRIVER_FUNCTIONS(F) \
    F(init, "cuInit", int, unsigned flags) \
    F(driverGetVersion, "cuDriverGetVersion", int, int *_Nonnull version) \
    F(getErrorName, "cuGetErrorName", int, int error, const char *_Nullable *_Nonnull name) \
    F(getErrorString, "cuGetErrorString", int, int error, const char *_Nullable *_Nonnull text) \
    F(deviceGetCount, "cuDeviceGetCount", int, int *_Nonnull count) \
    F(deviceGet, "cuDeviceGet", int, CUdevice *_Nonnull device, int ordinal) \
    F(deviceGetName, "cuDeviceGetName", int, char *_Nonnull name, int length, CUdevice device) \
    F(deviceGetAttribute, "cuDeviceGetAttribute", int, int *_Nonnull value, int attribute, CUdevice device) \
    F(deviceTotalMem, "cuDeviceTotalMem_v2", int, size_t *_Nonnull bytes, CUdevice device) \
    F(primaryContextRetain, "cuDevicePrimaryCtxRetain", int, CUcontext _Nullable *_Nonnull context, CUdevice device) \
    F(primaryContextRelease, "cuDevicePrimaryCtxRelease_v2", int, CUdevice device) \
    F(contextSetCurrent, "cuCtxSetCurrent", int, CUcontext _Nullable context) \
    F(memGetInfo, "cuMemGetInfo_v2", int, size_t *_Nonnull free, size_t *_Nonnull total) \
    F(memAlloc, "cuMemAlloc_v2", int, CUdeviceptr *_Nonnull address, size_t bytes) \
    F(memFree, "cuMemFree_v2", int, CUdeviceptr address) \
    F(memAllocHost, "cuMemAllocHost_v2", int, void *_Nullable *_Nonnull address, size_t bytes) \
    F(memFreeHost, "cuMemFreeHost", int, void *_Nonnull address) \
    F(memcpyHostToDevice, "cuMemcpyHtoDAsync_v2", int, CUdeviceptr to, const void *_Nonnull from, size_t bytes, \
      CUstream _Nullable stream) \
    F(memcpyDeviceToHost, "cuMemcpyDtoHAsync_v2", int, void *_Nonnull to, CUdeviceptr from, size_t bytes, \
      CUstream _Nullable stream) \
    F(memsetBytes, "cuMemsetD8Async", int, CUdeviceptr to, unsigned char value, size_t bytes, CUstream _Nullable stream) \
    F(streamCreateWithPriority, "cuStreamCreateWithPriority", int, CUstream _Nullable *_Nonnull stream, unsigned flags, \
      int priority) \
    F(streamDestroy, "cuStreamDestroy_v2", int, CUstream _Nonnull stream) \
    F(memset32, "cuMemsetD32Async", int, CUdeviceptr to, unsigned value, size_t count, CUstream _Nullable stream) \
    F(streamWaitEvent, "cuStreamWaitEvent", int, CUstream _Nonnull stream, CUevent _Nonnull event, unsigned flags) \
    F(streamBeginCapture, "cuStreamBeginCapture_v2", int, CUstream _Nonnull stream, int mode) \
    F(streamEndCapture, "cuStreamEndCapture", int, CUstream _Nonnull stream, CUgraph _Nullable *_Nonnull graph) \
    F(graphInstantiate, "cuGraphInstantiateWithFlags", int, CUgraphExec _Nullable *_Nonnull executable, \
      CUgraph _Nonnull graph, unsigned long long flags) \
    F(graphLaunch, "cuGraphLaunch", int, CUgraphExec _Nonnull executable, CUstream _Nonnull stream) \
    F(graphDestroy, "cuGraphDestroy", int, CUgraph _Nonnull graph) \
    F(graphExecDestroy, "cuGraphExecDestroy", int, CUgraphExec _Nonnull executable) \
    F(streamSynchronize, "cuStreamSynchronize", int, CUstream _Nullable stream) \
    F(eventCreate, "cuEventCreate", int, CUevent _Nullable *_Nonnull event, unsigned flags) \
    F(eventDestroy, "cuEventDestroy_v2", int, CUevent _Nonnull event) \
    F(eventRecord, "cuEventRecord", int, CUevent _Nonnull event, CUstream _Nullable stream) \
    F(eventQuery, "cuEventQuery", int, CUevent _Nonnull event) \
    F(eventSynchronize, "cuEventSynchronize", int, CUevent _Nonnull event) \
    F(eventElapsedTime, "cuEventElapsedTime", int, float *_Nonnull milliseconds, CUevent _Nonnull from, CUevent _Nonnull to) \
    F(moduleLoadData, "cuModuleLoadData", int, CUmodule _Nullable *_Nonnull module, const void *_Nonnull image) \
    F(moduleGetFunction, "cuModuleGetFunction", int, CUfunction _Nullable *_Nonnull function, CUmodule _Nonnull module, \
      const char *_Nonnull name) \
    F(functionSetAttribute, "cuFuncSetAttribute", int, CUfunction _Nonnull function, int name, int value) \
    F(tensorMapEncode, "cuTensorMapEncodeTiled", int, CUtensorMap *_Nonnull map, int type, uint32_t rank, CUdeviceptr address, \
      const uint64_t *_Nonnull sizes, const uint64_t *_Nonnull strides, const uint32_t *_Nonnull box, \
      const uint32_t *_Nonnull steps, int interleave, int swizzle, int promotion, int outside) \
    F(moduleUnload, "cuModuleUnload", int, CUmodule _Nonnull module) \
    F(launchKernel, "cuLaunchKernelEx", int, const CUlaunchConfig *_Nonnull config, CUfunction _Nonnull function, \
      void *_Nullable *_Nullable parameters, void *_Nullable *_Nullable extra)

typedef struct {
    CCUDA_DRIVER_FUNCTIONS(CCUDA_MEMBER)
} DriverFunctions;

/// Fills the table from an open library. Returns the first symbol that it lacks, or NULL.
const char *_Nullable driverFunctionsLoad(DriverFunctions *_Nonnull table, void *_Nonnull library);

#endif
