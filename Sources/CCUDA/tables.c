#include <dlfcn.h>

#include "CCUDA.h"

#define LOAD(member, symbol, ...) \
    *(void **)&table->member = dlsym(library, symbol); \
    if (!*(void **)&table->member) return symbol;

const char *driverFunctionsLoad(DriverFunctions *table, void *library) {
    CCUDA_DRIVER_FUNCTIONS(LOAD)
    return NULL;
}

const char *nvrtcFunctionsLoad(NVRTCFunctions *table, void *library) {
    CCUDA_NVRTC_FUNCTIONS(LOAD)
    return NULL;
}

const char *cuDNNFunctionsLoad(CuDNNFunctions *table, void *library) {
    CCUDNN_FUNCTIONS(LOAD)
    return NULL;
}

const char *cuBLASLtFunctionsLoad(CuBLASLtFunctions *table, void *library) {
    CCUBLASLT_FUNCTIONS(LOAD)
    return NULL;
}
