// Swift has no way to run `cpuid`, so these few lines are C. They are compiled for the baseline CPU.
#include "CProcessor.h"

#include <string.h>

#if defined(__x86_64__)

#include <cpuid.h>

static bool has_all(unsigned value, unsigned bits) { return (value & bits) == bits; }

/// The low half of XCR0: which register files the operating system saves.
static unsigned saved_registers(void) {
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

bool processor_has_x86_64_v3(void) {
    unsigned a, b, c, d;
    const unsigned leaf1 = bit_SSE3 | bit_SSSE3 | bit_CMPXCHG16B | bit_SSE41 | bit_SSE42 | bit_POPCNT | bit_FMA
        | bit_MOVBE | bit_OSXSAVE | bit_AVX | bit_F16C;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !has_all(c, leaf1)) return false;
    if (!has_all(saved_registers(), 0x6)) return false; // the SSE and AVX state
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !has_all(b, bit_AVX2 | bit_BMI | bit_BMI2)) return false;
    const unsigned lahf = 1u << 0, lzcnt = 1u << 5;
    return __get_cpuid(0x80000001, &a, &b, &c, &d) && has_all(c, lahf | lzcnt);
}

void processor_copy_brand(char *brand) {
    unsigned words[12] = {0};
    for (unsigned leaf = 0; leaf < 3; leaf++) {
        unsigned *w = words + 4 * leaf;
        if (!__get_cpuid(0x80000002 + leaf, &w[0], &w[1], &w[2], &w[3])) break;
    }
    memcpy(brand, words, sizeof words);
    brand[sizeof words] = 0;
}

#else

bool processor_has_x86_64_v3(void) { return false; }

void processor_copy_brand(char *brand) { brand[0] = 0; }

#endif
