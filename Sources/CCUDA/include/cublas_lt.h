// cuBLASLt: matrix products with a bias and an activation behind them (libcublasLt).

#ifndef CCUDA_CUBLAS_LT_H
#define CCUDA_CUBLAS_LT_H

#include <stddef.h>
#include <stdint.h>

#include "driver.h"
#include "tables.h"

typedef struct cublasLtContext *cublasLtHandle_t;
typedef struct CCUBLASLT_Product *cublasLtMatmulDesc_t;
typedef struct CCUBLASLT_Layout *cublasLtMatrixLayout_t;
typedef struct CCUBLASLT_Preference *cublasLtMatmulPreference_t;

// One way to compute a product; what it holds is cuBLASLt's own.
typedef struct {
    uint64_t data[8];
} cublasLtMatmulAlgo_t;

typedef struct {
    cublasLtMatmulAlgo_t algorithm;
    size_t workspaceBytes;
    int status;
    float waves;
    int reserved[4];
} cublasLtMatmulHeuristicResult_t;

// Values of cublasComputeType_t, cudaDataType, cublasOperation_t, cublasLtEpilogue_t, cublasLtMatmulDescAttributes_t and
// cublasLtMatmulPreferenceAttributes_t.
enum {
    CCUBLAS_COMPUTE_FLOAT = 68,
    CCUBLAS_FLOAT = 0,
    CCUBLAS_HALF = 2,
    CCUBLAS_TRANSPOSED = 1,
    CCUBLASLT_EPILOGUE_BIAS = 4,
    CCUBLASLT_EPILOGUE_RELU_BIAS = 6,
    CCUBLASLT_PRODUCT_TRANSPOSE_A = 3,
    CCUBLASLT_PRODUCT_EPILOGUE = 7,
    CCUBLASLT_PRODUCT_BIAS_POINTER = 8,
    CCUBLASLT_PRODUCT_BIAS_TYPE = 26,
    CCUBLASLT_PREFERENCE_WORKSPACE = 1,
    CCUBLASLT_PREFERENCE_ALIGNMENT_A = 5,
    CCUBLASLT_PREFERENCE_ALIGNMENT_B = 6,
    CCUBLASLT_PREFERENCE_ALIGNMENT_C = 7,
    CCUBLASLT_PREFERENCE_ALIGNMENT_D = 8,
};

#define CCUBLASLT_FUNCTIONS(F) \
    F(getVersion, "cublasLtGetVersion", size_t, void) \
    F(create, "cublasLtCreate", int, cublasLtHandle_t _Nullable *_Nonnull handle) \
    F(destroy, "cublasLtDestroy", int, cublasLtHandle_t _Nonnull handle) \
    F(createProduct, "cublasLtMatmulDescCreate", int, cublasLtMatmulDesc_t _Nullable *_Nonnull product, int compute, \
      int scale) \
    F(destroyProduct, "cublasLtMatmulDescDestroy", int, cublasLtMatmulDesc_t _Nonnull product) \
    F(setProduct, "cublasLtMatmulDescSetAttribute", int, cublasLtMatmulDesc_t _Nonnull product, int name, \
      const void *_Nonnull value, size_t bytes) \
    F(createLayout, "cublasLtMatrixLayoutCreate", int, cublasLtMatrixLayout_t _Nullable *_Nonnull layout, int type, \
      uint64_t rows, uint64_t columns, int64_t leading) \
    F(destroyLayout, "cublasLtMatrixLayoutDestroy", int, cublasLtMatrixLayout_t _Nonnull layout) \
    F(createPreference, "cublasLtMatmulPreferenceCreate", int, cublasLtMatmulPreference_t _Nullable *_Nonnull preference) \
    F(destroyPreference, "cublasLtMatmulPreferenceDestroy", int, cublasLtMatmulPreference_t _Nonnull preference) \
    F(setPreference, "cublasLtMatmulPreferenceSetAttribute", int, cublasLtMatmulPreference_t _Nonnull preference, int name, \
      const void *_Nonnull value, size_t bytes) \
    F(getHeuristic, "cublasLtMatmulAlgoGetHeuristic", int, cublasLtHandle_t _Nonnull handle, \
      cublasLtMatmulDesc_t _Nonnull product, cublasLtMatrixLayout_t _Nonnull a, cublasLtMatrixLayout_t _Nonnull b, \
      cublasLtMatrixLayout_t _Nonnull c, cublasLtMatrixLayout_t _Nonnull d, \
      cublasLtMatmulPreference_t _Nonnull preference, int requested, \
      cublasLtMatmulHeuristicResult_t *_Nonnull results, int *_Nonnull count) \
    F(multiply, "cublasLtMatmul", int, cublasLtHandle_t _Nonnull handle, cublasLtMatmulDesc_t _Nonnull product, \
      const void *_Nonnull alpha, CUdeviceptr a, cublasLtMatrixLayout_t _Nonnull layoutA, CUdeviceptr b, \
      cublasLtMatrixLayout_t _Nonnull layoutB, const void *_Nonnull beta, CUdeviceptr c, \
      cublasLtMatrixLayout_t _Nonnull layoutC, CUdeviceptr d, cublasLtMatrixLayout_t _Nonnull layoutD, \
      const cublasLtMatmulAlgo_t *_Nonnull algorithm, CUdeviceptr workspace, size_t workspaceBytes, \
      CUstream _Nullable stream)

typedef struct {
    CCUBLASLT_FUNCTIONS(CCUDA_MEMBER)
} CuBLASLtFunctions;

/// Fills the table from an open library. Returns the first symbol that it lacks, or NULL.
const char *_Nullable cuBLASLtFunctionsLoad(CuBLASLtFunctions *_Nonnull table, void *_Nonnull library);

#endif
