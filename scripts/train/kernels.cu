// Training kernels of the operators that PyTorch lacks, forward and backward.
//
// Each kernel is a struct whose call operator is the work of one thread. With -DON_CPU (a C++ compiler, `-x c++`) the
// same text runs as a plain loop, so that gradients can be tested where there is no GPU.
//
// Layouts: flow [N,2,H,W], taps [N,16,H,W], weight and count [N,1,H,W], images [N,C,H,W], all float32 and contiguous;
// features [N,H,W,C] in bfloat16 (float32 on the CPU), C a multiple of 4.

#include <math.h>
#include <stdint.h>

#ifdef ON_CPU
#define __device__
typedef void* Stream;
typedef float Feature;
struct float4 { float x, y, z, w; };
static inline void atomic_add(float* p, float v) { *p += v; }
static inline float4 load4(const Feature* p) { return {p[0], p[1], p[2], p[3]}; }
static inline void store4(Feature* p, float4 v) { p[0] = v.x; p[1] = v.y; p[2] = v.z; p[3] = v.w; }
static inline void atomic_add4(float* p, float4 v) { p[0] += v.x; p[1] += v.y; p[2] += v.z; p[3] += v.w; }
template <class Work>
void launch(const Work& work, long count, Stream) {
  for (long i = 0; i < count; i++) work(i);
}
#else
#include <cuda_bf16.h>
#include <cuda_runtime.h>
typedef cudaStream_t Stream;
typedef __nv_bfloat16 Feature;
__device__ inline void atomic_add(float* p, float v) { atomicAdd(p, v); }
__device__ inline float4 load4(const Feature* p) {
  uint2 raw = *(const uint2*)p;
  float2 a = __bfloat1622float2(*(__nv_bfloat162*)&raw.x), b = __bfloat1622float2(*(__nv_bfloat162*)&raw.y);
  return make_float4(a.x, a.y, b.x, b.y);
}
__device__ inline void store4(Feature* p, float4 v) {
  __nv_bfloat162 a = __floats2bfloat162_rn(v.x, v.y), b = __floats2bfloat162_rn(v.z, v.w);
  uint2 raw;
  raw.x = *(unsigned*)&a;
  raw.y = *(unsigned*)&b;
  *(uint2*)p = raw;
}
__device__ inline void atomic_add4(float* p, float4 v) {
#if __CUDA_ARCH__ >= 900
  atomicAdd((float4*)p, v);
#else
  atomicAdd(p, v.x); atomicAdd(p + 1, v.y); atomicAdd(p + 2, v.z); atomicAdd(p + 3, v.w);
#endif
}
template <class Work>
__global__ void run(Work work, long count) {
  long i = (long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) work(i);
}
template <class Work>
void launch(const Work& work, long count, Stream stream) {
  if (count > 0) run<<<(unsigned)((count + 255) / 256), 256, 0, stream>>>(work, count);
}
#endif

__device__ inline int clamp_index(int i, int size) { return i < 0 ? 0 : (i >= size ? size - 1 : i); }

struct Size {
  int height, width;
  __device__ long area() const { return (long)height * width; }
};

// --- Adaptive warp -------------------------------------------------------------------------------------------------

// Where a pixel is sampled; not `moves` where its flow leaves the image or is half of it or longer.
struct Sample {
  bool moves;
  int left, top;
  float alpha, beta;
  __device__ float factor_x(int i) const { return i < 2 ? 1 - alpha : alpha; }
  __device__ float factor_y(int j) const { return j < 2 ? 1 - beta : beta; }
};

__device__ inline Sample sample_at(const float* flow, long n, int x, int y, Size s) {
  const float* at = flow + n * 2 * s.area() + (long)y * s.width + x;
  float u = at[0], v = at[s.area()], sx = x + u, sy = y + v;
  Sample r;
  r.moves = sx >= 0 && sy >= 0 && sx <= s.width - 1 && sy <= s.height - 1 && fabsf(u) < s.width / 2.0f &&
            fabsf(v) < s.height / 2.0f;
  r.left = r.moves ? (int)sx : x;
  r.top = r.moves ? (int)sy : y;
  r.alpha = r.moves ? sx - r.left : 0;
  r.beta = r.moves ? sy - r.top : 0;
  return r;
}

struct WarpImage {
  const float *image, *flow, *taps;
  float* out;
  int channels;
  Size s;
  __device__ void operator()(long i) const {
    long area = s.area(), n = i / area, p = i % area;
    Sample at = sample_at(flow, n, (int)(p % s.width), (int)(p / s.width), s);
    for (int c = 0; c < channels; c++) {
      const float* plane = image + (n * channels + c) * area;
      float sum = at.moves ? 0 : plane[p];
      for (int j = 0; at.moves && j < 4; j++) {
        const float* row = plane + (long)clamp_index(at.top - 1 + j, s.height) * s.width;
        for (int k = 0; k < 4; k++)
          sum += taps[(n * 16 + 4 * j + k) * area + p] * at.factor_y(j) * at.factor_x(k) *
                 row[clamp_index(at.left - 1 + k, s.width)];
      }
      out[(n * channels + c) * area + p] = sum;
    }
  }
};

// Gradients of the flow and of the taps (zeroed by the caller); an input image needs none.
struct WarpImageBackward {
  const float *image, *flow, *taps, *grad_out;
  float *grad_flow, *grad_taps;
  int channels;
  Size s;
  __device__ void operator()(long i) const {
    long area = s.area(), n = i / area, p = i % area;
    Sample at = sample_at(flow, n, (int)(p % s.width), (int)(p / s.width), s);
    if (!at.moves) return;
    float du = 0, dv = 0;
    for (int j = 0; j < 4; j++) {
      long row = (long)clamp_index(at.top - 1 + j, s.height) * s.width;
      for (int k = 0; k < 4; k++) {
        int column = clamp_index(at.left - 1 + k, s.width);
        float product = 0;
        for (int c = 0; c < channels; c++) {
          long plane = (n * channels + c) * area;
          product += grad_out[plane + p] * image[plane + row + column];
        }
        long tap = (n * 16 + 4 * j + k) * area + p;
        grad_taps[tap] = product * at.factor_y(j) * at.factor_x(k);
        du += product * taps[tap] * at.factor_y(j) * (k < 2 ? -1.f : 1.f);
        dv += product * taps[tap] * at.factor_x(k) * (j < 2 ? -1.f : 1.f);
      }
    }
    grad_flow[n * 2 * area + p] = du;
    grad_flow[(n * 2 + 1) * area + p] = dv;
  }
};

// One thread: four channels of a pixel.
struct WarpFeatures {
  const Feature* features;
  const float *flow, *taps;
  Feature* out;
  int channels;
  Size s;
  __device__ void operator()(long i) const {
    int quads = channels / 4;
    long c = i % quads * 4, pixel = i / quads, area = s.area(), n = pixel / area, p = pixel % area;
    Sample at = sample_at(flow, n, (int)(p % s.width), (int)(p / s.width), s);
    const Feature* base = features + n * area * channels + c;
    if (!at.moves) return store4(out + pixel * channels + c, load4(base + p * channels));
    float4 sum;
    sum.x = sum.y = sum.z = sum.w = 0;
    for (int j = 0; j < 4; j++) {
      long row = (long)clamp_index(at.top - 1 + j, s.height) * s.width;
      for (int k = 0; k < 4; k++) {
        float w = taps[(n * 16 + 4 * j + k) * area + p] * at.factor_y(j) * at.factor_x(k);
        float4 v = load4(base + (row + clamp_index(at.left - 1 + k, s.width)) * channels);
        sum.x += w * v.x; sum.y += w * v.y; sum.z += w * v.z; sum.w += w * v.w;
      }
    }
    store4(out + pixel * channels + c, sum);
  }
};

// Gradient of the features, summed in float32 (zeroed by the caller).
struct WarpFeaturesBackward {
  const float *flow, *taps;
  const Feature* grad_out;
  float* grad_features;
  int channels;
  Size s;
  __device__ void operator()(long i) const {
    int quads = channels / 4;
    long c = i % quads * 4, pixel = i / quads, area = s.area(), n = pixel / area, p = pixel % area;
    Sample at = sample_at(flow, n, (int)(p % s.width), (int)(p / s.width), s);
    float* base = grad_features + n * area * channels + c;
    float4 g = load4(grad_out + pixel * channels + c);
    if (!at.moves) return atomic_add4(base + p * channels, g);
    for (int j = 0; j < 4; j++) {
      long row = (long)clamp_index(at.top - 1 + j, s.height) * s.width;
      for (int k = 0; k < 4; k++) {
        float w = taps[(n * 16 + 4 * j + k) * area + p] * at.factor_y(j) * at.factor_x(k);
        float4 v;
        v.x = w * g.x; v.y = w * g.y; v.z = w * g.z; v.w = w * g.w;
        atomic_add4(base + (row + clamp_index(at.left - 1 + k, s.width)) * channels, v);
      }
    }
  }
};

// --- Depth-aware flow projection -----------------------------------------------------------------------------------

// The four pixels that a pixel votes on.
struct Target {
  bool inside;
  int columns[2], rows[2];
};

__device__ inline Target target_of(float u, float v, long p, Size s) {
  int x = (int)(p % s.width), y = (int)(p / s.width);
  float tx = x + u, ty = y + v;
  Target t;
  t.inside = tx >= 0 && ty >= 0 && tx <= s.width - 1 && ty <= s.height - 1;
  t.columns[0] = t.inside ? (int)tx : 0;
  t.rows[0] = t.inside ? (int)ty : 0;
  t.columns[1] = clamp_index(t.columns[0] + 1, s.width);
  t.rows[1] = clamp_index(t.rows[0] + 1, s.height);
  return t;
}

struct Vote {
  const float *flow, *weight;
  float *count, *out;
  Size s;
  __device__ void operator()(long i) const {
    long area = s.area(), n = i / area, p = i % area;
    float u = flow[n * 2 * area + p], v = flow[(n * 2 + 1) * area + p], w = weight[i];
    Target t = target_of(u, v, p, s);
    if (!t.inside) return;
    for (int j = 0; j < 2; j++)
      for (int k = 0; k < 2; k++) {
        long q = (long)t.rows[j] * s.width + t.columns[k];
        atomic_add(out + n * 2 * area + q, -w * u);
        atomic_add(out + (n * 2 + 1) * area + q, -w * v);
        atomic_add(count + n * area + q, w);
      }
  }
};

struct Normalise {
  const float* count;
  float* out;
  Size s;
  __device__ void operator()(long i) const {
    long area = s.area(), n = i / area, p = i % area;
    if (!(count[i] > 0)) return;
    out[n * 2 * area + p] /= count[i];
    out[(n * 2 + 1) * area + p] /= count[i];
  }
};

// Calls `visit(index)` for the nearest pixel with votes left, right, above and below a hole; returns how many exist.
template <class Visit>
__device__ inline int nearest_known(const float* count, long p, Size s, Visit visit) {
  const int dx[4] = {-1, 1, 0, 0}, dy[4] = {0, 0, -1, 1};
  int found = 0;
  for (int d = 0; d < 4; d++) {
    int x = (int)(p % s.width) + dx[d], y = (int)(p / s.width) + dy[d];
    while (x >= 0 && x < s.width && y >= 0 && y < s.height && !(count[(long)y * s.width + x] > 0)) x += dx[d], y += dy[d];
    if (x < 0 || x >= s.width || y < 0 || y >= s.height) continue;
    visit((long)y * s.width + x);
    found++;
  }
  return found;
}

struct AddFlow {
  const float *u, *v;
  float *sum_u, *sum_v;
  __device__ void operator()(long q) const { *sum_u += u[q]; *sum_v += v[q]; }
};

struct FillHoles {
  const float* count;
  float* out;
  Size s;
  __device__ void operator()(long i) const {
    if (count[i] > 0) return;
    long area = s.area(), n = i / area, p = i % area;
    float *u = out + n * 2 * area, *v = u + area, sum_u = 0, sum_v = 0;
    int found = nearest_known(count + n * area, p, s, AddFlow{u, v, &sum_u, &sum_v});
    if (found > 0) u[p] = sum_u / found, v[p] = sum_v / found;
  }
};

struct Nothing {
  __device__ void operator()(long) const {}
};

struct SpreadGradient {
  float *u, *v, grad_u, grad_v;
  __device__ void operator()(long q) const { atomic_add(u + q, grad_u); atomic_add(v + q, grad_v); }
};

// Hands a hole's gradient to the pixels that it was filled from. `grad` starts as a copy of the output's gradient.
struct FillHolesBackward {
  const float *count, *grad_out;
  float* grad;
  Size s;
  __device__ void operator()(long i) const {
    if (count[i] > 0) return;
    long area = s.area(), n = i / area, p = i % area, u = n * 2 * area, v = u + area;
    int found = nearest_known(count + n * area, p, s, Nothing());
    if (found == 0) return;
    nearest_known(count + n * area, p, s,
                  SpreadGradient{grad + u, grad + v, grad_out[u + p] / found, grad_out[v + p] / found});
  }
};

// out = -Σ w·f / Σ w, so d out / d f = -w / Σ w and d out / d w = -(f + out) / Σ w.
struct VoteBackward {
  const float *flow, *weight, *count, *out, *grad;
  float *grad_flow, *grad_weight;
  Size s;
  __device__ void operator()(long i) const {
    long area = s.area(), n = i / area, p = i % area, u = n * 2 * area, v = u + area;
    float fu = flow[u + p], fv = flow[v + p], du = 0, dv = 0, dw = 0;
    Target t = target_of(fu, fv, p, s);
    for (int j = 0; t.inside && j < 2; j++)
      for (int k = 0; k < 2; k++) {
        long q = (long)t.rows[j] * s.width + t.columns[k];
        float total = count[n * area + q];
        if (!(total > 0)) continue;
        float gu = grad[u + q] / total, gv = grad[v + q] / total;
        du -= gu * weight[i];
        dv -= gv * weight[i];
        dw -= gu * (fu + out[u + q]) + gv * (fv + out[v + q]);
      }
    grad_flow[u + p] = du;
    grad_flow[v + p] = dv;
    grad_weight[i] = dw;
  }
};

// --- Correlation, radius 4 -----------------------------------------------------------------------------------------

struct Correlate {
  const float *a, *b;
  float* out;
  int channels;
  Size s;
  __device__ void operator()(long i) const {
    long area = s.area(), p = i % area, n = i / area / 81;
    int d = (int)(i / area % 81), x = (int)(p % s.width) + d % 9 - 4, y = (int)(p / s.width) + d / 9 - 4;
    float sum = 0;
    if (x >= 0 && x < s.width && y >= 0 && y < s.height) {
      const float *pa = a + n * channels * area + p, *pb = b + n * channels * area + (long)y * s.width + x;
      for (int c = 0; c < channels; c++) sum += pa[c * area] * pb[c * area];
    }
    out[i] = sum / channels;
  }
};

struct CorrelateBackward {
  const float *a, *b, *grad_out;
  float *grad_a, *grad_b;
  int channels;
  Size s;
  __device__ void operator()(long i) const {
    long area = s.area(), p = i % area, plane = i - p, n = i / area / channels;
    int px = (int)(p % s.width), py = (int)(p / s.width);
    const float* g = grad_out + n * 81 * area;
    float da = 0, db = 0;
    for (int d = 0; d < 81; d++) {
      int dx = d % 9 - 4, dy = d / 9 - 4, x = px + dx, y = py + dy;
      if (x >= 0 && x < s.width && y >= 0 && y < s.height) da += g[d * area + p] * b[plane + (long)y * s.width + x];
      x = px - dx, y = py - dy;
      if (x >= 0 && x < s.width && y >= 0 && y < s.height) {
        long q = (long)y * s.width + x;
        db += g[d * area + q] * a[plane + q];
      }
    }
    grad_a[i] = da / channels;
    grad_b[i] = db / channels;
  }
};

extern "C" {
void warp_image(const float* image, const float* flow, const float* taps, float* out, int n, int c, int h, int w,
                Stream stream) {
  launch(WarpImage{image, flow, taps, out, c, {h, w}}, (long)n * h * w, stream);
}
void warp_image_backward(const float* image, const float* flow, const float* taps, const float* grad_out,
                         float* grad_flow, float* grad_taps, int n, int c, int h, int w, Stream stream) {
  launch(WarpImageBackward{image, flow, taps, grad_out, grad_flow, grad_taps, c, {h, w}}, (long)n * h * w, stream);
}
void warp_features(const Feature* features, const float* flow, const float* taps, Feature* out, int n, int c, int h,
                   int w, Stream stream) {
  launch(WarpFeatures{features, flow, taps, out, c, {h, w}}, (long)n * h * w * (c / 4), stream);
}
void warp_features_backward(const float* flow, const float* taps, const Feature* grad_out, float* grad_features, int n,
                            int c, int h, int w, Stream stream) {
  launch(WarpFeaturesBackward{flow, taps, grad_out, grad_features, c, {h, w}}, (long)n * h * w * (c / 4), stream);
}
void project(const float* flow, const float* weight, float* count, float* out, int n, int h, int w, Stream stream) {
  long pixels = (long)n * h * w;
  launch(Vote{flow, weight, count, out, {h, w}}, pixels, stream);
  launch(Normalise{count, out, {h, w}}, pixels, stream);
  launch(FillHoles{count, out, {h, w}}, pixels, stream);
}
void project_backward(const float* flow, const float* weight, const float* count, const float* out,
                      const float* grad_out, float* grad, float* grad_flow, float* grad_weight, int n, int h, int w,
                      Stream stream) {
  long pixels = (long)n * h * w;
  launch(FillHolesBackward{count, grad_out, grad, {h, w}}, pixels, stream);
  launch(VoteBackward{flow, weight, count, out, grad, grad_flow, grad_weight, {h, w}}, pixels, stream);
}
void correlate(const float* a, const float* b, float* out, int n, int c, int h, int w, Stream stream) {
  launch(Correlate{a, b, out, c, {h, w}}, (long)n * 81 * h * w, stream);
}
void correlate_backward(const float* a, const float* b, const float* grad_out, float* grad_a, float* grad_b, int n,
                        int c, int h, int w, Stream stream) {
  launch(CorrelateBackward{a, b, grad_out, grad_a, grad_b, c, {h, w}}, (long)n * c * h * w, stream);
}
}
