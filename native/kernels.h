// What one instruction set computes. Each level (see kernels.cc) fills one such table; the processor decides which is taken.
#pragma once
#include <cstddef>
#include <cstdint>

namespace lightbench {

/** A convolution's geometry with images in blocks of channels, [N, C / block, H, W, block]. */
struct ConvolutionShape {
  size_t images, channels, outputs;
  size_t height, width, rows, columns;
  size_t kernelHeight, kernelWidth, strideY, strideX;
  ptrdiff_t padTop, padLeft;
  /** Whether x lies plain, [N, C, H, W], as the pictures of a first layer do. */
  bool plainInput;
};

/** What one step of Adam multiplies by and adds (AdamPlan in main/graph/compile/adam-plan.ts). */
struct AdamNumbers {
  float beta1, beta2, rate, offset, decay;
};

struct Kernels {
  const char* name;
  /** Σ weight·gradient over the parts, into `merged`, which may be one of them. @return the sum of its squares */
  float (*merge)(const float* const* gradients, const float* weights, size_t parts, size_t count, float* merged);
  /** M' = β₁M + g, V' = β₂V + g², p' = decay·p − M' / (rate·√V' + offset); what is below 1e-38 is 0. */
  void (*adam)(const AdamNumbers& numbers, const float* p, const float* g, const float* m, const float* v, size_t count,
               float* nextP, float* nextM, float* nextV);
  /** z·Φ(z), elementwise, of z = x, or x + bias where there is one. */
  void (*gelu)(const float* x, const float* bias, float* y, size_t count);
  /** g·(Φ(z) + z·φ(z)), elementwise. */
  void (*geluGradient)(const float* g, const float* x, const float* bias, float* dx, size_t count);
  /** a + bias, or a + b + bias where there is b. */
  void (*addBias)(const float* a, const float* b, const float* bias, float* y, size_t count);
  /** 0 where y ≤ 0, else g, elementwise. */
  void (*reluGradient)(const float* g, const float* y, float* dx, size_t count);
  /** Adds the columns of a row-major matrix to sums [width]. */
  void (*addColumns)(const float* x, size_t rows, size_t width, float* sums);
  /** Row n of sums is the sum of the rows sources[starts[n]] … sources[starts[n + 1] − 1] of x, for first ≤ n < last. */
  void (*sumRows)(const float* x, const int64_t* starts, const int64_t* sources, size_t width, size_t first, size_t last,
                  float* sums);
  /** y·(g − Σ g·y) per row. */
  void (*softmaxGradient)(const float* g, const float* y, size_t rows, size_t width, float* dx);
  /**
   * Rows of one layer norm; adds to weightGradient and biasGradient [width].
   * @param residual added to dx, or null
   */
  void (*layerNormGradient)(const float* g, const float* x, const float* weight, const float* mean, const float* inverse,
                            const float* residual, size_t rows, size_t width, float* dx, float* weightGradient,
                            float* biasGradient);
  /**
   * Mean and sum of squared deviations of `count` pixels with `lanes` channels side by side.
   * @param lanes 1 where a channel's pixels lie side by side
   */
  void (*moments)(const float* x, size_t count, size_t lanes, float* mean, float* squares);
  /** factor·x + offset (+ residual), then max(0, ·) where `rectified`, per lane. */
  void (*affine)(const float* x, size_t count, size_t lanes, const float* factor, const float* offset,
                 const float* residual, bool rectified, float* y);
  /** Σ g and Σ g·(x − mean) per lane. */
  void (*gradientSums)(const float* g, const float* x, size_t count, size_t lanes, const float* mean, float* sum,
                       float* product);
  /** factor·g + slope·x + offset per lane. */
  void (*combine)(const float* g, const float* x, size_t count, size_t lanes, const float* factor, const float* slope,
                  const float* offset, float* dx);
  /**
   * Adds the weight gradient of images [first, last) between one block of input channels and one of output channels to
   * sums [kernelHeight, kernelWidth, inputs, block]; inputs is the block, or all channels of a plain x.
   */
  void (*weightGradient8)(const float* x, const float* g, const ConvolutionShape& shape, size_t inputBlock,
                          size_t outputBlock, size_t first, size_t last, float* sums);
  void (*weightGradient16)(const float* x, const float* g, const ConvolutionShape& shape, size_t inputBlock,
                           size_t outputBlock, size_t first, size_t last, float* sums);
};

/** Of this processor, or as chosen. */
const Kernels& kernels();

/** For tests: `name` from now on. @return whether this processor has it */
bool chooseKernels(const char* name);

}  // namespace lightbench
