// A picture's samples, as kernels that convert them are told of them. Read by the host's compiler and, embedded, by NVRTC.

#ifndef CCUDA_SAMPLE_LAYOUT_H
#define CCUDA_SAMPLE_LAYOUT_H

/// A filter by which a row or a column gets another number of samples. For each new sample:
typedef struct {
    /// Address of `int`: the old sample that the first weight is for.
    unsigned long long first;
    /// Address of `short`: `taps` weights.
    unsigned long long weights;
    int taps;
    int unused;
} SampleFilter;

typedef struct {
    int width;
    int height;
    int chromaWidth;
    int chromaHeight;
    /// Bits of a sample, which takes a byte or two.
    int depth;
    int bytesPerSample;
    /// The weights of red and blue in luma.
    float red;
    float blue;
    /// Code values of 16 bits: black, the distance to white, grey, and the distance between the extremes of chroma.
    float black;
    float lumaSpan;
    float grey;
    float chromaSpan;
    SampleFilter columnsUp;
    SampleFilter rowsUp;
    SampleFilter columnsDown;
    SampleFilter rowsDown;
} SampleLayout;

#endif
