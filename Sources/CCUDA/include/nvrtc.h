// NVRTC: compiles CUDA C++ at run time (libnvrtc).

#ifndef CCUDA_NVRTC_H
#define CCUDA_NVRTC_H

#include <stddef.h>

#include "tables.h"

typedef struct _nvrtcProgram *nvrtcProgram;

#define CCUDA_NVRTC_FUNCTIONS(F) \
    F(version, "nvrtcVersion", int, int *_Nonnull major, int *_Nonnull minor) \
    F(getErrorString, "nvrtcGetErrorString", const char *_Nullable, int error) \
    F(createProgram, "nvrtcCreateProgram", int, nvrtcProgram _Nullable *_Nonnull program, const char *_Nonnull source, \
      const char *_Nullable name, int headerCount, const char *_Nonnull const *_Nullable headers, \
      const char *_Nonnull const *_Nullable headerNames) \
    F(destroyProgram, "nvrtcDestroyProgram", int, nvrtcProgram _Nullable *_Nonnull program) \
    F(compileProgram, "nvrtcCompileProgram", int, nvrtcProgram _Nonnull program, int optionCount, \
      const char *_Nullable const *_Nullable options) \
    F(getProgramLogSize, "nvrtcGetProgramLogSize", int, nvrtcProgram _Nonnull program, size_t *_Nonnull bytes) \
    F(getProgramLog, "nvrtcGetProgramLog", int, nvrtcProgram _Nonnull program, char *_Nonnull log) \
    F(getCUBINSize, "nvrtcGetCUBINSize", int, nvrtcProgram _Nonnull program, size_t *_Nonnull bytes) \
    F(getCUBIN, "nvrtcGetCUBIN", int, nvrtcProgram _Nonnull program, char *_Nonnull image)

typedef struct {
    CCUDA_NVRTC_FUNCTIONS(CCUDA_MEMBER)
} NVRTCFunctions;

/// Fills the table from an open library. Returns the first symbol that it lacks, or NULL.
const char *_Nullable nvrtcFunctionsLoad(NVRTCFunctions *_Nonnull table, void *_Nonnull library);

#endif
