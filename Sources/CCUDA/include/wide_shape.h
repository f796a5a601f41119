// How `wide_convolution.cu` cuts a convolution. Read by the host's compiler and, embedded, by NVRTC.

#ifndef CCUDA_WIDE_SHAPE_H
#define CCUDA_WIDE_SHAPE_H

typedef struct {
    /// Of input channels.
    int chunks;
    /// Columns and rows of the kernel of a group of pixels.
    int columns, rows;
    /// Of the convolution's own kernel.
    int radius, dilation;
    /// Logarithms of the pixels of a group.
    int across, down;
    /// Lines of groups under a column of the kernel, for each pixel down.
    int lines;
    /// Taps of the kernel whose weights are in shared memory at a time.
    int taps;
    /// Channels that a pixel gets.
    int outputs;
    /// Of negative values.
    float slope;
} WideShape;

#endif
