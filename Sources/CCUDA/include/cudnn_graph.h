// The graph interface of cuDNN 9: descriptors with attributes, of which an operation graph and a plan for it are built.

#ifndef CCUDA_CUDNN_GRAPH_H
#define CCUDA_CUDNN_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "driver.h"
#include "tables.h"

typedef struct cudnnContext *cudnnHandle_t;
typedef void *cudnnBackendDescriptor_t;

enum { CCUDNN_SUCCESS = 0 };

// cudnnBackendDescriptorType_t
enum {
    CCUDNN_POINTWISE_DESCRIPTOR = 0,
    CCUDNN_CONVOLUTION_DESCRIPTOR = 1,
    CCUDNN_ENGINE_DESCRIPTOR = 2,
    CCUDNN_ENGINE_CONFIGURATION_DESCRIPTOR = 3,
    CCUDNN_ENGINE_HEURISTICS_DESCRIPTOR = 4,
    CCUDNN_EXECUTION_PLAN_DESCRIPTOR = 5,
    CCUDNN_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR = 10,
    CCUDNN_OPERATION_POINTWISE_DESCRIPTOR = 13,
    CCUDNN_OPERATION_GRAPH_DESCRIPTOR = 15,
    CCUDNN_VARIANT_PACK_DESCRIPTOR = 16,
    CCUDNN_TENSOR_DESCRIPTOR = 17,
};

// cudnnBackendAttributeName_t
enum {
    CCUDNN_POINTWISE_MODE = 0,
    CCUDNN_POINTWISE_MATH_PRECISION = 1,
    CCUDNN_POINTWISE_RELU_LOWER_CLIP = 3,
    CCUDNN_POINTWISE_RELU_LOWER_CLIP_SLOPE = 5,
    CCUDNN_CONVOLUTION_COMPUTE_TYPE = 100,
    CCUDNN_CONVOLUTION_MODE = 101,
    CCUDNN_CONVOLUTION_DILATIONS = 102,
    CCUDNN_CONVOLUTION_STRIDES = 103,
    CCUDNN_CONVOLUTION_POST_PADDINGS = 104,
    CCUDNN_CONVOLUTION_PRE_PADDINGS = 105,
    CCUDNN_CONVOLUTION_SPATIAL_DIMENSIONS = 106,
    CCUDNN_ENGINE_HEURISTICS_MODE = 200,
    CCUDNN_ENGINE_HEURISTICS_GRAPH = 201,
    CCUDNN_ENGINE_HEURISTICS_RESULTS = 202,
    CCUDNN_ENGINE_CONFIGURATION_ENGINE = 300,
    CCUDNN_EXECUTION_PLAN_HANDLE = 400,
    CCUDNN_EXECUTION_PLAN_CONFIGURATION = 401,
    CCUDNN_EXECUTION_PLAN_WORKSPACE_SIZE = 402,
    CCUDNN_OPERATION_CONVOLUTION_ALPHA = 700,
    CCUDNN_OPERATION_CONVOLUTION_BETA = 701,
    CCUDNN_OPERATION_CONVOLUTION_DESCRIPTOR = 702,
    CCUDNN_OPERATION_CONVOLUTION_W = 703,
    CCUDNN_OPERATION_CONVOLUTION_X = 704,
    CCUDNN_OPERATION_CONVOLUTION_Y = 705,
    CCUDNN_OPERATION_POINTWISE_WHAT = 750,
    CCUDNN_OPERATION_POINTWISE_X = 751,
    CCUDNN_OPERATION_POINTWISE_B = 752,
    CCUDNN_OPERATION_POINTWISE_Y = 753,
    CCUDNN_OPERATION_GRAPH_HANDLE = 800,
    CCUDNN_OPERATION_GRAPH_OPERATIONS = 801,
    CCUDNN_TENSOR_BYTE_ALIGNMENT = 900,
    CCUDNN_TENSOR_DATA_TYPE = 901,
    CCUDNN_TENSOR_DIMENSIONS = 902,
    CCUDNN_TENSOR_STRIDES = 903,
    CCUDNN_TENSOR_UNIQUE_ID = 906,
    CCUDNN_TENSOR_IS_VIRTUAL = 907,
    CCUDNN_VARIANT_PACK_UNIQUE_IDS = 1000,
    CCUDNN_VARIANT_PACK_DATA_POINTERS = 1001,
    CCUDNN_VARIANT_PACK_WORKSPACE = 1003,
    CCUDNN_ENGINE_NUMERICAL_NOTES = 1303,
};

// cudnnBackendAttributeType_t
enum {
    CCUDNN_TYPE_HANDLE = 0,
    CCUDNN_TYPE_DATA_TYPE = 1,
    CCUDNN_TYPE_BOOLEAN = 2,
    CCUDNN_TYPE_INT64 = 3,
    CCUDNN_TYPE_FLOAT = 4,
    CCUDNN_TYPE_DOUBLE = 5,
    CCUDNN_TYPE_VOID_POINTER = 6,
    CCUDNN_TYPE_CONVOLUTION_MODE = 7,
    CCUDNN_TYPE_HEURISTICS_MODE = 8,
    CCUDNN_TYPE_NUMERICAL_NOTE = 11,
    CCUDNN_TYPE_POINTWISE_MODE = 14,
    CCUDNN_TYPE_DESCRIPTOR = 15,
};

// Values of cudnnDataType_t, cudnnConvolutionMode_t, cudnnPointwiseMode_t, cudnnBackendHeurMode_t and
// cudnnBackendNumericalNote_t.
enum {
    CCUDNN_DATA_FLOAT = 0,
    CCUDNN_DATA_HALF = 2,
    CCUDNN_CROSS_CORRELATION = 1,
    CCUDNN_POINTWISE_ADD = 0,
    CCUDNN_POINTWISE_RELU = 100,
    CCUDNN_HEURISTICS_FALLBACK = 2,
    CCUDNN_HEURISTICS_A = 3,
    CCUDNN_NOTE_TENSOR_CORE = 0,
    CCUDNN_NOTE_REDUCED_PRECISION_REDUCTION = 2,
    CCUDNN_NOTE_NONDETERMINISTIC = 4,
    CCUDNN_NOTE_WINOGRAD = 5,
};

#define CCUDNN_FUNCTIONS(F) \
    F(getVersion, "cudnnGetVersion", size_t, void) \
    F(getErrorString, "cudnnGetErrorString", const char *_Nullable, int status) \
    F(getLastErrorString, "cudnnGetLastErrorString", void, char *_Nonnull text, size_t bytes) \
    F(create, "cudnnCreate", int, cudnnHandle_t _Nullable *_Nonnull handle) \
    F(destroy, "cudnnDestroy", int, cudnnHandle_t _Nonnull handle) \
    F(setStream, "cudnnSetStream", int, cudnnHandle_t _Nonnull handle, CUstream _Nullable stream) \
    F(createDescriptor, "cudnnBackendCreateDescriptor", int, int type, \
      cudnnBackendDescriptor_t _Nullable *_Nonnull descriptor) \
    F(destroyDescriptor, "cudnnBackendDestroyDescriptor", int, cudnnBackendDescriptor_t _Nonnull descriptor) \
    F(finalize, "cudnnBackendFinalize", int, cudnnBackendDescriptor_t _Nonnull descriptor) \
    F(setAttribute, "cudnnBackendSetAttribute", int, cudnnBackendDescriptor_t _Nonnull descriptor, int name, int type, \
      int64_t count, const void *_Nullable values) \
    F(getAttribute, "cudnnBackendGetAttribute", int, cudnnBackendDescriptor_t _Nonnull descriptor, int name, int type, \
      int64_t requested, int64_t *_Nullable count, void *_Nullable values) \
    F(execute, "cudnnBackendExecute", int, cudnnHandle_t _Nonnull handle, cudnnBackendDescriptor_t _Nonnull plan, \
      cudnnBackendDescriptor_t _Nonnull pack)

typedef struct {
    CCUDNN_FUNCTIONS(CCUDA_MEMBER)
} CuDNNFunctions;

/// Fills the table from an open library. Returns the first symbol that it lacks, or NULL.
const char *_Nullable cuDNNFunctionsLoad(CuDNNFunctions *_Nonnull table, void *_Nonnull library);

#endif
