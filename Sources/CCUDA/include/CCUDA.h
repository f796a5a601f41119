// The parts of NVIDIA's C interfaces that the CUDA backend calls, declared here so that building needs no toolkit.
//
// Nothing is linked: each table is filled from a library that was opened at run time. Names, types and values are those
// of the CUDA driver API, NVRTC, cuDNN 9 and cuBLASLt.

#ifndef CCUDA_H
#define CCUDA_H

#include "cublas_lt.h"
#include "cudnn_graph.h"
#include "device_tensor.h"
#include "driver.h"
#include "kernels.h"
#include "nvrtc.h"
#include "sample_layout.h"
#include "wide_shape.h"

#endif
