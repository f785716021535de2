// Compiled once per instruction set (resources/build/native.ts), with LEVEL naming the table and WIDTH its floats per vector.
// Every function is the twin of a lowering in main/graph/operators, which operator-kernels.test.ts holds it to.
#include "kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

namespace lightbench {
namespace {

typedef float V __attribute__((vector_size(WIDTH * 4)));
typedef int32_t VI __attribute__((vector_size(WIDTH * 4)));

inline V load(const float* p) {
  V v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

inline void store(float* p, V v) { std::memcpy(p, &v, sizeof v); }

inline V all(float value) { return V{} + value; }

inline float sumOf(V v) {
  float lanes[WIDTH];
  store(lanes, v);
  for (int half = WIDTH / 2; half > 0; half /= 2)
    for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
  return lanes[0];
}

/** eˣ to about one unit in the last place: x = n·ln 2 + r with |r| ≤ ½ ln 2, a polynomial for eʳ (Cephes, expf). */
inline V exponential(V x) {
  x = x < -87.0f ? all(-87.0f) : x;
  x = x > 88.0f ? all(88.0f) : x;
  const V shifter = all(12582912.0f);
  const V n = (x * 1.44269504f + shifter) - shifter;
  const V r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  V p = all(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  const VI bits = (__builtin_convertvector(n, VI) + 127) << 23;
  V scale;
  std::memcpy(&scale, &bits, sizeof scale);
  return p * scale;
}

/** The smallest float that is not subnormal, and the smallest whose square is not. */
constexpr float SMALLEST_NORMAL = 0x1p-126f, SMALLEST_ROOT = 0x1p-63f;
constexpr float SQRT_HALF = 0.70710678118654752f;
constexpr float INVERSE_SQRT_PI = 0.56418958354775628f;

/**
 * Φ(x) with u = x/√2 and e = exp(−u²): half of erfc(|u|) = e·r·P(r), r = 1 / (1 + 0.4·|u|), on the left, the rest of 1 on the
 * right; fitted to 8e-9 (native/fit-erf.py, after Abramowitz and Stegun 7.1.26).
 */
inline V distribution(V u, V e) {
  const V t = u < 0.0f ? -u : u;
  const V r = 1.0f / (t * 0.4f + 1.0f);
  V p = all(3.0293815e-2f) * r - 3.4983805e-1f;
  p = p * r + 1.0151677f;
  p = p * r - 7.0288241e-1f;
  p = p * r + 6.6962558e-1f;
  p = p * r + 9.7098514e-2f;
  p = p * r + 2.4053484e-1f;
  const V tail = p * r * e * 0.5f;
  return u < 0.0f ? tail : 1.0f - tail;
}

inline V geluOf(V x) {
  const V u = x * SQRT_HALF;
  return x * distribution(u, exponential(-(u * u)));
}

inline V geluSlope(V x) {
  const V u = x * SQRT_HALF;
  const V e = exponential(-(u * u));
  return distribution(u, e) + u * e * INVERSE_SQRT_PI;
}

/** Calls `whole` on vectors, and once more on a padded copy of what is left. */
template <typename Function>
inline void eachUnary(const float* x, float* y, size_t count, Function function) {
  size_t i = 0;
  for (; i + WIDTH <= count; i += WIDTH) store(y + i, function(load(x + i)));
  if (i == count) return;
  V rest{};
  std::memcpy(&rest, x + i, (count - i) * sizeof(float));
  rest = function(rest);
  std::memcpy(y + i, &rest, (count - i) * sizeof(float));
}

template <typename Function>
inline void eachBinary(const float* a, const float* b, float* y, size_t count, Function function) {
  size_t i = 0;
  for (; i + WIDTH <= count; i += WIDTH) store(y + i, function(load(a + i), load(b + i)));
  if (i == count) return;
  V left{}, right{};
  std::memcpy(&left, a + i, (count - i) * sizeof(float));
  std::memcpy(&right, b + i, (count - i) * sizeof(float));
  left = function(left, right);
  std::memcpy(y + i, &left, (count - i) * sizeof(float));
}

template <typename Function>
inline void eachTernary(const float* a, const float* b, const float* c, float* y, size_t count, Function function) {
  size_t i = 0;
  for (; i + WIDTH <= count; i += WIDTH) store(y + i, function(load(a + i), load(b + i), load(c + i)));
  if (i == count) return;
  V first{}, second{}, third{};
  std::memcpy(&first, a + i, (count - i) * sizeof(float));
  std::memcpy(&second, b + i, (count - i) * sizeof(float));
  std::memcpy(&third, c + i, (count - i) * sizeof(float));
  first = function(first, second, third);
  std::memcpy(y + i, &first, (count - i) * sizeof(float));
}

void gelu(const float* x, const float* bias, float* y, size_t count) {
  if (bias) return eachBinary(x, bias, y, count, [](V value, V more) { return geluOf(value + more); });
  eachUnary(x, y, count, geluOf);
}

void geluGradient(const float* g, const float* x, const float* bias, float* dx, size_t count) {
  if (bias)
    return eachTernary(g, x, bias, dx, count,
                       [](V gradient, V value, V more) { return gradient * geluSlope(value + more); });
  eachBinary(g, x, dx, count, [](V gradient, V value) { return gradient * geluSlope(value); });
}

void addBias(const float* a, const float* b, const float* bias, float* y, size_t count) {
  if (b) return eachTernary(a, b, bias, y, count, [](V one, V other, V more) { return (one + more) + other; });
  eachBinary(a, bias, y, count, [](V one, V more) { return one + more; });
}

void reluGradient(const float* g, const float* y, float* dx, size_t count) {
  eachBinary(g, y, dx, count, [](V gradient, V value) { return value <= 0.0f ? V{} : gradient; });
}

/** Four rows at a time, which keeps reads in order and rounding errors short. */
void addColumns(const float* x, size_t rows, size_t width, float* sums) {
  size_t row = 0;
  for (; row + 4 <= rows; row += 4, x += 4 * width) {
    const float *b = x + width, *c = b + width, *d = c + width;
    size_t i = 0;
    for (; i + WIDTH <= width; i += WIDTH)
      store(sums + i, load(sums + i) + ((load(x + i) + load(b + i)) + (load(c + i) + load(d + i))));
    for (; i < width; i++) sums[i] += (x[i] + b[i]) + (c[i] + d[i]);
  }
  for (; row < rows; row++, x += width)
    for (size_t i = 0; i < width; i++) sums[i] += x[i];
}

void sumRows(const float* x, const int64_t* starts, const int64_t* sources, size_t width, size_t first, size_t last,
             float* sums) {
  for (size_t node = first; node < last; node++) {
    const int64_t *begin = sources + starts[node], *end = sources + starts[node + 1];
    float* sum = sums + node * width;
    size_t i = 0;
    for (; i + WIDTH <= width; i += WIDTH) {
      V total{};
      for (const int64_t* source = begin; source < end; source++) total += load(x + size_t(*source) * width + i);
      store(sum + i, total);
    }
    std::fill(sum + i, sum + width, 0.0f);
    for (const int64_t* source = begin; i < width && source < end; source++)
      for (size_t at = i; at < width; at++) sum[at] += x[size_t(*source) * width + at];
  }
}

void softmaxGradient(const float* g, const float* y, size_t rows, size_t width, float* dx) {
  for (size_t row = 0; row < rows; row++, g += width, y += width, dx += width) {
    V sums{};
    size_t i = 0;
    for (; i + WIDTH <= width; i += WIDTH) sums += load(g + i) * load(y + i);
    float sum = sumOf(sums);
    for (; i < width; i++) sum += g[i] * y[i];
    for (i = 0; i + WIDTH <= width; i += WIDTH) store(dx + i, load(y + i) * (load(g + i) - sum));
    for (; i < width; i++) dx[i] = y[i] * (g[i] - sum);
  }
}

void layerNormGradient(const float* g, const float* x, const float* weight, const float* mean, const float* inverse,
                       const float* residual, size_t rows, size_t width, float* dx, float* weightGradient,
                       float* biasGradient) {
  for (size_t row = 0; row < rows; row++, g += width, x += width, dx += width) {
    const float m = mean[row], d = inverse[row];
    V sums{}, products{};
    size_t i = 0;
    for (; i + WIDTH <= width; i += WIDTH) {
      const V gradient = load(g + i);
      const V normal = (load(x + i) - m) * d;
      const V scaled = gradient * load(weight + i);
      sums += scaled;
      products += scaled * normal;
      store(weightGradient + i, load(weightGradient + i) + gradient * normal);
      store(biasGradient + i, load(biasGradient + i) + gradient);
    }
    float sum = sumOf(sums), product = sumOf(products);
    for (; i < width; i++) {
      const float normal = (x[i] - m) * d, scaled = g[i] * weight[i];
      sum += scaled;
      product += scaled * normal;
      weightGradient[i] += g[i] * normal;
      biasGradient[i] += g[i];
    }
    sum /= width;
    product /= width;
    for (i = 0; i + WIDTH <= width; i += WIDTH) {
      const V normal = (load(x + i) - m) * d;
      const V gradient = (load(g + i) * load(weight + i) - sum - normal * product) * d;
      store(dx + i, residual ? gradient + load(residual + i) : gradient);
    }
    for (; i < width; i++)
      dx[i] = (g[i] * weight[i] - sum - (x[i] - m) * d * product) * d + (residual ? residual[i] : 0.0f);
    if (residual) residual += width;
  }
}

float merge(const float* const* gradients, const float* weights, size_t parts, size_t count, float* merged) {
  V squares{};
  float rest = 0;
  size_t i = 0;
  for (; i + WIDTH <= count; i += WIDTH) {
    V sum = load(gradients[0] + i) * weights[0];
    for (size_t part = 1; part < parts; part++) sum += load(gradients[part] + i) * weights[part];
    store(merged + i, sum);
    squares += sum * sum;
  }
  for (; i < count; i++) {
    float sum = gradients[0][i] * weights[0];
    for (size_t part = 1; part < parts; part++) sum += gradients[part][i] * weights[part];
    merged[i] = sum;
    rest += sum * sum;
  }
  return sumOf(squares) + rest;
}

void adam(const AdamNumbers& numbers, const float* __restrict p, const float* __restrict g, const float* __restrict m,
          const float* __restrict v, size_t count, float* __restrict nextP, float* __restrict nextM,
          float* __restrict nextV) {
  const auto [beta1, beta2, rate, offset, decay] = numbers;
  for (size_t i = 0; i < count; i++) {
    const float first = m[i] * beta1 + g[i];
    const float gradient = std::fabs(g[i]) < SMALLEST_ROOT ? 0.0f : g[i];
    const float second = v[i] * beta2 + gradient * gradient;
    const float keptFirst = std::fabs(first) < SMALLEST_NORMAL ? 0.0f : first;
    const float keptSecond = second < SMALLEST_NORMAL ? 0.0f : second;
    nextM[i] = keptFirst;
    nextV[i] = keptSecond;
    nextP[i] = p[i] * decay - keptFirst / (std::sqrt(keptSecond) * rate + offset);
  }
}

/** Lanes side by side go by blocks that fit registers; a channel's own pixels side by side go by vectors. */
void moments(const float* x, size_t count, size_t lanes, float* mean, float* squares) {
  if (lanes == 1) {
    V sums{};
    size_t i = 0;
    for (; i + WIDTH <= count; i += WIDTH) sums += load(x + i);
    float sum = sumOf(sums);
    for (; i < count; i++) sum += x[i];
    const float m = sum / count;
    V total{};
    for (i = 0; i + WIDTH <= count; i += WIDTH) {
      const V d = load(x + i) - m;
      total += d * d;
    }
    float square = sumOf(total);
    for (; i < count; i++) square += (x[i] - m) * (x[i] - m);
    *mean = m;
    *squares = square;
    return;
  }
  size_t lane = 0;
  for (; lane + WIDTH <= lanes; lane += WIDTH) {
    V even{}, odd{};
    size_t i = 0;
    for (; i + 2 <= count; i += 2) {
      even += load(x + i * lanes + lane);
      odd += load(x + (i + 1) * lanes + lane);
    }
    if (i < count) even += load(x + i * lanes + lane);
    const V m = (even + odd) / all(float(count));
    even = odd = V{};
    for (i = 0; i + 2 <= count; i += 2) {
      const V a = load(x + i * lanes + lane) - m, b = load(x + (i + 1) * lanes + lane) - m;
      even += a * a;
      odd += b * b;
    }
    if (i < count) {
      const V a = load(x + i * lanes + lane) - m;
      even += a * a;
    }
    store(mean + lane, m);
    store(squares + lane, even + odd);
  }
  for (; lane < lanes; lane++) {
    float sum = 0, square = 0;
    for (size_t i = 0; i < count; i++) sum += x[i * lanes + lane];
    const float m = sum / count;
    for (size_t i = 0; i < count; i++) square += (x[i * lanes + lane] - m) * (x[i * lanes + lane] - m);
    mean[lane] = m;
    squares[lane] = square;
  }
}

/** Calls function(offset, lane) for vectors and scalars of a block [count, lanes]; for one lane along the pixels. */
template <typename Vectors, typename Scalars>
inline void eachLane(size_t count, size_t lanes, Vectors vectors, Scalars scalars) {
  if (lanes == 1) {
    size_t i = 0;
    for (; i + WIDTH <= count; i += WIDTH) vectors(i, 0);
    for (; i < count; i++) scalars(i, 0);
    return;
  }
  for (size_t lane = 0; lane < lanes;) {
    if (lane + WIDTH <= lanes) {
      for (size_t i = 0; i < count; i++) vectors(i * lanes + lane, lane);
      lane += WIDTH;
    } else {
      for (size_t i = 0; i < count; i++) scalars(i * lanes + lane, lane);
      lane++;
    }
  }
}

void affine(const float* x, size_t count, size_t lanes, const float* factor, const float* offset, const float* residual,
            bool rectified, float* y) {
  const auto per = [lanes](const float* p, size_t lane) { return lanes == 1 ? all(*p) : load(p + lane); };
  eachLane(
      count, lanes,
      [=](size_t at, size_t lane) {
        V value = load(x + at) * per(factor, lane) + per(offset, lane);
        if (residual) value += load(residual + at);
        if (rectified) value = value < 0.0f ? V{} : value;
        store(y + at, value);
      },
      [=](size_t at, size_t lane) {
        float value = x[at] * factor[lane] + offset[lane];
        if (residual) value += residual[at];
        y[at] = rectified && value < 0.0f ? 0.0f : value;
      });
}

void gradientSums(const float* g, const float* x, size_t count, size_t lanes, const float* mean, float* sum,
                  float* product) {
  if (lanes == 1) {
    V sums{}, products{};
    size_t i = 0;
    for (; i + WIDTH <= count; i += WIDTH) {
      const V gradient = load(g + i);
      sums += gradient;
      products += gradient * (load(x + i) - *mean);
    }
    *sum = sumOf(sums);
    *product = sumOf(products);
    for (; i < count; i++) {
      *sum += g[i];
      *product += g[i] * (x[i] - *mean);
    }
    return;
  }
  size_t lane = 0;
  for (; lane + WIDTH <= lanes; lane += WIDTH) {
    V sums[2] = {}, products[2] = {};
    const V m = load(mean + lane);
    for (size_t i = 0; i < count; i++) {
      const V gradient = load(g + i * lanes + lane);
      sums[i & 1] += gradient;
      products[i & 1] += gradient * (load(x + i * lanes + lane) - m);
    }
    store(sum + lane, sums[0] + sums[1]);
    store(product + lane, products[0] + products[1]);
  }
  for (; lane < lanes; lane++) {
    float s = 0, p = 0;
    for (size_t i = 0; i < count; i++) {
      s += g[i * lanes + lane];
      p += g[i * lanes + lane] * (x[i * lanes + lane] - mean[lane]);
    }
    sum[lane] = s;
    product[lane] = p;
  }
}

void combine(const float* g, const float* x, size_t count, size_t lanes, const float* factor, const float* slope,
             const float* offset, float* dx) {
  const auto per = [lanes](const float* p, size_t lane) { return lanes == 1 ? all(*p) : load(p + lane); };
  eachLane(
      count, lanes,
      [=](size_t at, size_t lane) {
        store(dx + at, load(g + at) * per(factor, lane) + load(x + at) * per(slope, lane) + per(offset, lane));
      },
      [=](size_t at, size_t lane) { dx[at] = g[at] * factor[lane] + x[at] * slope[lane] + offset[lane]; });
}

/** Products of `INPUTS` channels of x with a block of g over the pixels of one tap, kept in registers. */
template <int BLOCK, int INPUTS>
inline void tap(const float* x, size_t step, size_t pitch, const float* g, size_t rows, size_t columns, size_t xRow,
                size_t gRow, float* sums) {
  typedef float B __attribute__((vector_size(BLOCK * 4)));
  B total[INPUTS];
  std::memcpy(total, sums, sizeof total);
  for (size_t row = 0; row < rows; row++) {
    const float* xs = x + row * xRow;
    const float* gs = g + row * gRow;
    for (size_t column = 0; column < columns; column++, xs += step, gs += BLOCK) {
      B gradient;
      std::memcpy(&gradient, gs, sizeof gradient);
#pragma GCC unroll 16
      for (int input = 0; input < INPUTS; input++) total[input] += gradient * xs[input * pitch];
    }
  }
  std::memcpy(sums, total, sizeof total);
}

template <int BLOCK>
void weightGradient(const float* x, const float* g, const ConvolutionShape& s, size_t inputBlock, size_t outputBlock,
                    size_t first, size_t last, float* sums) {
  const size_t inputs = s.plainInput ? s.channels : BLOCK;
  const size_t xPixels = s.height * s.width, gPixels = s.rows * s.columns;
  const size_t step = s.plainInput ? 1 : BLOCK;
  const size_t pitch = s.plainInput ? xPixels : 1;
  for (size_t image = first; image < last; image++) {
    const float* xi = s.plainInput ? x + image * s.channels * xPixels
                                   : x + (image * (s.channels / BLOCK) + inputBlock) * xPixels * BLOCK;
    const float* gi = g + (image * (s.outputs / BLOCK) + outputBlock) * gPixels * BLOCK;
    for (size_t ky = 0; ky < s.kernelHeight; ky++) {
      for (size_t kx = 0; kx < s.kernelWidth; kx++) {
        // Rows of g whose window's tap lies inside x: 0 ≤ row·stride + k − pad < height.
        const ptrdiff_t dy = ptrdiff_t(ky) - s.padTop, dx = ptrdiff_t(kx) - s.padLeft;
        const ptrdiff_t sy = s.strideY, sx = s.strideX;
        const ptrdiff_t top = dy < 0 ? (-dy + sy - 1) / sy : 0, left = dx < 0 ? (-dx + sx - 1) / sx : 0;
        ptrdiff_t bottom = (ptrdiff_t(s.height) - 1 - dy) < 0 ? 0 : (ptrdiff_t(s.height) - 1 - dy) / sy + 1;
        ptrdiff_t right = (ptrdiff_t(s.width) - 1 - dx) < 0 ? 0 : (ptrdiff_t(s.width) - 1 - dx) / sx + 1;
        if (bottom > ptrdiff_t(s.rows)) bottom = s.rows;
        if (right > ptrdiff_t(s.columns)) right = s.columns;
        if (top >= bottom || left >= right) continue;
        const float* xs = xi + ((top * sy + dy) * ptrdiff_t(s.width) + left * sx + dx) * ptrdiff_t(step);
        const float* gs = gi + (top * s.columns + left) * BLOCK;
        float* target = sums + (ky * s.kernelWidth + kx) * inputs * BLOCK;
        const size_t rows = bottom - top, columns = right - left;
        const size_t xRow = sy * s.width * step, gRow = s.columns * BLOCK;
        size_t input = 0;
        for (; input + BLOCK <= inputs; input += BLOCK)
          tap<BLOCK, BLOCK>(xs + input * pitch, sx * step, pitch, gs, rows, columns, xRow, gRow, target + input * BLOCK);
        const auto rest = [&](auto count) {
          for (; input + count <= inputs; input += count)
            tap<BLOCK, count>(xs + input * pitch, sx * step, pitch, gs, rows, columns, xRow, gRow, target + input * BLOCK);
        };
        rest(std::integral_constant<int, 4>{});
        rest(std::integral_constant<int, 3>{});
        rest(std::integral_constant<int, 2>{});
        rest(std::integral_constant<int, 1>{});
      }
    }
  }
}

}  // namespace

extern const Kernels LEVEL;
const Kernels LEVEL = {
    .name = NAME,
    .merge = merge,
    .adam = adam,
    .gelu = gelu,
    .geluGradient = geluGradient,
    .addBias = addBias,
    .reluGradient = reluGradient,
    .addColumns = addColumns,
    .sumRows = sumRows,
    .softmaxGradient = softmaxGradient,
    .layerNormGradient = layerNormGradient,
    .moments = moments,
    .affine = affine,
    .gradientSums = gradientSums,
    .combine = combine,
    .weightGradient8 = weightGradient<8>,
    .weightGradient16 = weightGradient<16>,
};

}  // namespace lightbench
