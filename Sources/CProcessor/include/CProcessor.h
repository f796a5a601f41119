#pragma once

#include <stdbool.h>

/// Whether the CPU has every instruction of the level x86-64-v3 (AVX2, FMA, F16C, BMI2, LZCNT, MOVBE and
/// what they build on) and the operating system saves its 256-bit registers. False on other architectures.
bool processor_has_x86_64_v3(void);

/// The bytes that `processor_copy_brand` writes, with the final zero.
#define PROCESSOR_BRAND_BYTES 49

/// Writes the brand that an x86-64 CPU reports, such as "AMD EPYC 7763 64-Core Processor", ended by a zero;
/// the empty string on other architectures.
void processor_copy_brand(char *brand);
