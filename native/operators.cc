// ONNX Runtime operators around the kernels. All tensors lie on the CPU, and are float32 but for ids. How work is divided follows from shapes alone
// and partial sums are joined in order, so that a step has the same bits whatever the number of threads.
#include "operators.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "kernels.h"

namespace lightbench {
namespace {

using ort::call;
using ort::KernelContext;
using ort::Slot;
using ort::Status;

using Shape = std::vector<int64_t>;

struct Tensor {
  const float* data = nullptr;
  Shape shape;
  size_t count = 0;
};

/** Reads a kernel's inputs and makes its outputs; `status` is the first objection of the runtime. */
class Call {
 public:
  explicit Call(KernelContext* context) : context_(context) {}

  Status* status = nullptr;

  Tensor input(size_t index) {
    Tensor tensor;
    const ort::Value* value = nullptr;
    size_t inputs = 0;
    if (!ok(call(Slot::KernelContextGetInputCount, static_cast<const KernelContext*>(context_), &inputs)) ||
        index >= inputs)
      return tensor;
    if (!ok(call(Slot::KernelContextGetInput, static_cast<const KernelContext*>(context_), index, &value)) || !value)
      return tensor;
    ort::TypeAndShape* info = nullptr;
    if (!ok(call(Slot::GetTensorTypeAndShape, value, &info))) return tensor;
    const ort::TypeAndShape* read = info;
    size_t rank = 0;
    if (ok(call(Slot::GetDimensionsCount, read, &rank))) {
      tensor.shape.resize(rank);
      ok(call(Slot::GetDimensions, read, tensor.shape.data(), rank));
    }
    tensor.count = 1;
    for (const int64_t size : tensor.shape) tensor.count *= size_t(size);
    call<void>(Slot::ReleaseTypeAndShape, info);
    void* data = nullptr;
    if (ok(call(Slot::GetTensorMutableData, const_cast<ort::Value*>(value), &data)))
      tensor.data = static_cast<const float*>(data);
    return tensor;
  }

  /** @return null where the runtime objects; room for float32 numbers, or those of the operator's output type */
  float* output(size_t index, const Shape& shape) {
    ort::Value* value = nullptr;
    if (!ok(call(Slot::KernelContextGetOutput, context_, index, shape.data(), shape.size(), &value))) return nullptr;
    // An output that nobody reads.
    if (!value) {
      size_t count = 1;
      for (const int64_t size : shape) count *= size_t(size);
      return reinterpret_cast<float*>(unread_.emplace_back(new double[count]).get());
    }
    void* data = nullptr;
    ok(call(Slot::GetTensorMutableData, value, &data));
    return static_cast<float*>(data);
  }

  template <typename Function>
  void parallel(size_t total, const Function& function) {
    if (total == 1) return function(0);
    const auto trampoline = [](void* data, size_t index) { (*static_cast<const Function*>(data))(index); };
    ok(call(Slot::KernelContextParallelFor, static_cast<const KernelContext*>(context_),
            static_cast<void (*)(void*, size_t)>(trampoline), total, size_t(0),
            static_cast<void*>(const_cast<Function*>(&function))));
  }

  Status* refuse(const char* message) {
    if (!status) status = call(Slot::CreateStatus, 2, message);
    return status;
  }

 private:
  bool ok(Status* found) {
    if (found && status) call<void>(Slot::ReleaseStatus, found);
    else if (found) status = found;
    return status == nullptr;
  }

  KernelContext* context_;
  std::vector<std::unique_ptr<double[]>> unread_;
};

/** What an operator's attributes say, read once. */
struct Attributes {
  const ort::KernelInfo* info;

  int64_t integer(const char* name, int64_t otherwise = 0) const {
    int64_t value = otherwise;
    if (Status* status = call(Slot::KernelInfoGetAttributeInt64, info, name, &value)) {
      call<void>(Slot::ReleaseStatus, status);
      return otherwise;
    }
    return value;
  }

  float number(const char* name) const {
    float value = 0;
    if (Status* status = call(Slot::KernelInfoGetAttributeFloat, info, name, &value))
      call<void>(Slot::ReleaseStatus, status);
    return value;
  }
};

/** Elementwise work is divided into pieces of so many numbers, 64 KiB. */
constexpr size_t PIECE = 16384;

template <typename Function>
void inPieces(Call& self, size_t count, const Function& function) {
  const size_t pieces = std::max<size_t>(1, (count + PIECE - 1) / PIECE);
  self.parallel(pieces, [&](size_t piece) {
    const size_t from = piece * PIECE;
    function(from, std::min(PIECE, count - from));
  });
}

/** Rows are handled by groups of so many. */
constexpr size_t ROWS = 64;
/** Groups of rows whose sums are joined afterwards. */
constexpr size_t TALL = 512;

/** Sums of a matrix's columns. */
void addColumns(Call& self, const float* x, size_t rows, size_t width, float* sums) {
  const size_t groups = std::max<size_t>(1, (rows + TALL - 1) / TALL);
  std::fill(sums, sums + width, 0.0f);
  if (groups == 1) return kernels().addColumns(x, rows, width, sums);
  std::vector<float> partial(groups * width);
  self.parallel(groups, [&](size_t group) {
    const size_t first = group * TALL;
    kernels().addColumns(x + first * width, std::min(TALL, rows - first), width, partial.data() + group * width);
  });
  kernels().addColumns(partial.data(), groups, width, sums);
}

struct Operator {
  /** Whether the first output may take the place of the first input, which is read nowhere else. */
  static constexpr bool MAY_OVERWRITE = false;
  virtual ~Operator() = default;
  virtual void compute(Call& self) const = 0;
};

/** Calls function(place, bias, count) for rows under a bias, or for pieces without one. */
template <typename Function>
void underBias(Call& self, const Tensor& x, const Tensor& bias, const Function& function) {
  if (!bias.data) {
    inPieces(self, x.count, [&](size_t from, size_t count) { function(from, nullptr, count); });
    return;
  }
  const size_t width = bias.count, rows = width == 0 ? 0 : x.count / width;
  self.parallel(std::max<size_t>(1, (rows + ROWS - 1) / ROWS), [&](size_t group) {
    for (size_t row = group * ROWS; row < std::min(rows, (group + 1) * ROWS); row++)
      function(row * width, bias.data, width);
  });
}

/** Whether a bias, if any, fits the last axis. */
bool fits(const Tensor& x, const Tensor& bias) {
  return !bias.data || (!x.shape.empty() && size_t(x.shape.back()) == bias.count);
}

/** x, bias [last axis]? → GELU of their sum. */
struct Gelu final : Operator {
  static constexpr bool MAY_OVERWRITE = true;
  explicit Gelu(const Attributes&) {}
  void compute(Call& self) const override {
    const Tensor x = self.input(0), bias = self.input(1);
    if (!fits(x, bias)) return void(self.refuse("The bias does not fit the last axis."));
    float* y = self.output(0, x.shape);
    if (self.status) return;
    underBias(self, x, bias, [&](size_t from, const float* more, size_t count) {
      kernels().gelu(x.data + from, more, y + from, count);
    });
  }
};

/** g, x, bias [last axis]? → gradient of x. */
struct GeluGradient final : Operator {
  static constexpr bool MAY_OVERWRITE = true;
  explicit GeluGradient(const Attributes&) {}
  void compute(Call& self) const override {
    const Tensor g = self.input(0), x = self.input(1), bias = self.input(2);
    if (g.count != x.count || !fits(x, bias)) return void(self.refuse("GeluGradient's shapes do not belong together."));
    float* dx = self.output(0, g.shape);
    if (self.status) return;
    underBias(self, x, bias, [&](size_t from, const float* more, size_t count) {
      kernels().geluGradient(g.data + from, x.data + from, more, dx + from, count);
    });
  }
};

/** a, b of one shape, bias [last axis] → a + b + bias. */
struct AddBias final : Operator {
  static constexpr bool MAY_OVERWRITE = true;
  explicit AddBias(const Attributes&) {}
  void compute(Call& self) const override {
    const Tensor a = self.input(0), b = self.input(1), bias = self.input(2);
    if (a.count != b.count || !bias.data || !fits(a, bias))
      return void(self.refuse("AddBias's shapes do not belong together."));
    float* y = self.output(0, a.shape);
    if (self.status) return;
    underBias(self, a, bias, [&](size_t from, const float* more, size_t count) {
      kernels().addBias(a.data + from, b.data + from, more, y + from, count);
    });
  }
};

/** g, y → g where y is positive. */
struct ReluGradient final : Operator {
  static constexpr bool MAY_OVERWRITE = true;
  explicit ReluGradient(const Attributes&) {}
  void compute(Call& self) const override {
    const Tensor g = self.input(0), y = self.input(1);
    if (g.count != y.count) return void(self.refuse("ReluGradient's shapes do not belong together."));
    float* dx = self.output(0, g.shape);
    if (self.status) return;
    inPieces(self, g.count, [&](size_t from, size_t count) {
      kernels().reluGradient(g.data + from, y.data + from, dx + from, count);
    });
  }
};

/** [rows…, width] → [width]; `leading` axes are summed. */
struct ColumnSum final : Operator {
  int64_t leading;
  explicit ColumnSum(const Attributes& attributes) : leading(attributes.integer("leading")) {}
  void compute(Call& self) const override {
    const Tensor x = self.input(0);
    const Shape kept(x.shape.begin() + leading, x.shape.end());
    float* sums = self.output(0, kept);
    if (self.status) return;
    size_t width = 1;
    for (const int64_t size : kept) width *= size_t(size);
    addColumns(self, x.data, width == 0 ? 0 : x.count / width, width, sums);
  }
};

/** g, y → gradient of the softmax over the last axis. */
struct SoftmaxGradient final : Operator {
  static constexpr bool MAY_OVERWRITE = true;
  explicit SoftmaxGradient(const Attributes&) {}
  void compute(Call& self) const override {
    const Tensor g = self.input(0), y = self.input(1);
    if (g.count != y.count || g.shape.empty()) return void(self.refuse("SoftmaxGradient needs two equal shapes."));
    float* dx = self.output(0, y.shape);
    if (self.status) return;
    const size_t width = size_t(y.shape.back()), rows = width == 0 ? 0 : y.count / width;
    self.parallel(std::max<size_t>(1, (rows + ROWS - 1) / ROWS), [&](size_t group) {
      const size_t first = group * ROWS, at = first * width;
      kernels().softmaxGradient(g.data + at, y.data + at, std::min(ROWS, rows - first), width, dx + at);
    });
  }
};

/** g, x, weight, mean, inverse deviation, what is added to the first result? → gradients of x, weight, bias. */
struct LayerNormGradient final : Operator {
  static constexpr bool MAY_OVERWRITE = true;
  explicit LayerNormGradient(const Attributes&) {}
  void compute(Call& self) const override {
    const Tensor g = self.input(0), x = self.input(1), weight = self.input(2), mean = self.input(3),
                 inverse = self.input(4), residual = self.input(5);
    if (g.count != x.count || weight.count * mean.count != x.count || inverse.count != mean.count ||
        (residual.data && residual.count != x.count))
      return void(self.refuse("LayerNormGradient's shapes do not belong together."));
    float* dx = self.output(0, x.shape);
    float* weightGradient = self.output(1, weight.shape);
    float* biasGradient = self.output(2, weight.shape);
    if (self.status) return;
    const size_t width = weight.count, rows = mean.count, groups = std::max<size_t>(1, (rows + ROWS - 1) / ROWS);
    std::vector<float> partial(groups * 2 * width);
    self.parallel(groups, [&](size_t group) {
      const size_t first = group * ROWS, at = first * width;
      float* sums = partial.data() + group * 2 * width;
      kernels().layerNormGradient(g.data + at, x.data + at, weight.data, mean.data + first, inverse.data + first,
                                  residual.data ? residual.data + at : nullptr, std::min(ROWS, rows - first), width,
                                  dx + at, sums, sums + width);
    });
    std::vector<float> both(2 * width);
    kernels().addColumns(partial.data(), groups, 2 * width, both.data());
    std::memcpy(weightGradient, both.data(), width * sizeof(float));
    std::memcpy(biasGradient, both.data() + width, width * sizeof(float));
  }
};

/** x [B, L, parts · heads · F], bias [parts · heads · F]? → up to three of [B, heads, L, F], of their sum. */
struct SplitHeads final : Operator {
  int64_t parts, heads;
  explicit SplitHeads(const Attributes& attributes)
      : parts(attributes.integer("parts")), heads(attributes.integer("heads")) {}
  void compute(Call& self) const override {
    const Tensor x = self.input(0), bias = self.input(1);
    if (self.status) return;
    if (x.shape.size() != 3 || parts < 1 || parts > 3 || heads < 1 || x.shape[2] % (parts * heads) != 0 ||
        !fits(x, bias))
      return void(self.refuse("SplitHeads's shape does not divide among the heads."));
    const int64_t length = x.shape[1], size = x.shape[2] / parts / heads;
    float* to[3];
    for (int64_t part = 0; part < parts; part++) to[part] = self.output(size_t(part), {x.shape[0], heads, length, size});
    if (self.status) return;
    self.parallel(size_t(std::max<int64_t>(1, x.shape[0])), [&](size_t sample) {
      const float* from = x.data + sample * size_t(length * x.shape[2]);
      if (x.count == 0) return;
      for (int64_t step = 0; step < length; step++) {
        const float* more = bias.data;
        for (int64_t part = 0; part < parts; part++)
          for (int64_t head = 0; head < heads; head++, from += size) {
            float* place = to[part] + ((int64_t(sample) * heads + head) * length + step) * size;
            if (!more) std::memcpy(place, from, size_t(size) * sizeof(float));
            else kernels().addBias(from, nullptr, more, place, size_t(size));
            if (more) more += size;
          }
      }
    });
  }
};

/** Up to three of [B, heads, L, F] → [B, L, parts · heads · F]. */
struct JoinHeads final : Operator {
  int64_t parts;
  explicit JoinHeads(const Attributes& attributes) : parts(attributes.integer("parts")) {}
  void compute(Call& self) const override {
    Tensor from[3];
    for (int64_t part = 0; part < parts && part < 3; part++) from[part] = self.input(size_t(part));
    if (self.status) return;
    const Shape& shape = from[0].shape;
    if (shape.size() != 4 || parts < 1 || parts > 3) return void(self.refuse("JoinHeads needs four axes."));
    for (int64_t part = 1; part < parts; part++)
      if (from[part].shape != shape) return void(self.refuse("JoinHeads's shapes are not the same."));
    const int64_t heads = shape[1], length = shape[2], size = shape[3], width = parts * heads * size;
    float* y = self.output(0, {shape[0], length, width});
    if (self.status) return;
    self.parallel(size_t(std::max<int64_t>(1, shape[0])), [&](size_t sample) {
      float* to = y + sample * size_t(length * width);
      if (from[0].count == 0) return;
      for (int64_t step = 0; step < length; step++)
        for (int64_t part = 0; part < parts; part++)
          for (int64_t head = 0; head < heads; head++, to += size)
            std::memcpy(to, from[part].data + ((int64_t(sample) * heads + head) * length + step) * size,
                        size_t(size) * sizeof(float));
    });
  }
};

/** How an image tensor lies: [images, groups, pixels, lanes], where groups · lanes are the channels. */
struct ImageLayout {
  size_t images, groups, pixels, lanes;

  /** @param block channels side by side, or 0 for row-major; a matrix [N, C] has all its channels side by side */
  static ImageLayout of(const Shape& shape, int64_t block) {
    const size_t images = size_t(shape[0]), channels = size_t(shape[1]);
    if (shape.size() == 2) return {1, 1, images, channels};
    size_t pixels = 1;
    for (size_t axis = 2; axis < shape.size(); axis++) pixels *= size_t(shape[axis]);
    if (block == 0) return {images, channels, pixels, 1};
    return {images, channels / size_t(block), pixels, size_t(block)};
  }

  size_t tasks() const { return images * groups; }
  size_t channels() const { return groups * lanes; }
  size_t place(size_t task) const { return task * pixels * lanes; }
  /** The first channel of a task. */
  size_t channel(size_t task) const { return task % groups * lanes; }
};

/** x, weight, bias, residual? → y, mean, biased variance, inverse deviation. */
struct BatchNormTrain final : Operator {
  int64_t block;
  float epsilon;
  bool rectified;
  explicit BatchNormTrain(const Attributes& attributes)
      : block(attributes.integer("block")),
        epsilon(attributes.number("epsilon")),
        rectified(attributes.integer("rectified") != 0) {}

  void compute(Call& self) const override {
    const Tensor x = self.input(0), weight = self.input(1), bias = self.input(2), residual = self.input(3);
    if (self.status) return;
    if (x.shape.size() < 2 || weight.count != size_t(x.shape[1]) || bias.count != weight.count ||
        (residual.data && residual.count != x.count))
      return void(self.refuse("BatchNormTrain's shapes do not belong together."));
    const ImageLayout layout = ImageLayout::of(x.shape, block);
    const size_t channels = layout.channels();
    float* y = self.output(0, x.shape);
    float* mean = self.output(1, weight.shape);
    float* variance = self.output(2, weight.shape);
    float* inverse = self.output(3, weight.shape);
    if (self.status) return;
    const size_t tasks = layout.tasks();
    std::vector<float> means(tasks * layout.lanes), squares(tasks * layout.lanes);
    self.parallel(tasks, [&](size_t task) {
      kernels().moments(x.data + layout.place(task), layout.pixels, layout.lanes, means.data() + task * layout.lanes,
                        squares.data() + task * layout.lanes);
    });
    std::vector<float> factor(channels), offset(channels);
    for (size_t channel = 0; channel < channels; channel++) {
      // Parts of equal size: the variance is that within them plus that of their means (Chan et al. 1983).
      double sum = 0, within = 0, between = 0;
      const auto at = [&](size_t image) {
        return (image * layout.groups + channel / layout.lanes) * layout.lanes + channel % layout.lanes;
      };
      for (size_t image = 0; image < layout.images; image++) sum += means[at(image)];
      const double m = sum / double(layout.images);
      for (size_t image = 0; image < layout.images; image++) {
        within += squares[at(image)];
        between += (means[at(image)] - m) * (means[at(image)] - m);
      }
      const double v = (within / double(layout.pixels) + between) / double(layout.images);
      const double d = 1 / std::sqrt(v + double(epsilon));
      mean[channel] = float(m);
      variance[channel] = float(v);
      inverse[channel] = float(d);
      factor[channel] = float(d * weight.data[channel]);
      offset[channel] = float(bias.data[channel] - m * d * weight.data[channel]);
    }
    self.parallel(tasks, [&](size_t task) {
      const size_t at = layout.place(task), channel = layout.channel(task);
      kernels().affine(x.data + at, layout.pixels, layout.lanes, factor.data() + channel, offset.data() + channel,
                       residual.data ? residual.data + at : nullptr, rectified, y + at);
    });
  }
};

/** g, x, weight, inverse deviation, mean → gradients of x, weight, bias. */
struct BatchNormGradient final : Operator {
  static constexpr bool MAY_OVERWRITE = true;
  int64_t block;
  explicit BatchNormGradient(const Attributes& attributes) : block(attributes.integer("block")) {}

  void compute(Call& self) const override {
    const Tensor g = self.input(0), x = self.input(1), weight = self.input(2), inverse = self.input(3),
                 mean = self.input(4);
    if (self.status) return;
    if (x.shape.size() < 2 || g.count != x.count || weight.count != size_t(x.shape[1]))
      return void(self.refuse("BatchNormGradient's shapes do not belong together."));
    const ImageLayout layout = ImageLayout::of(x.shape, block);
    const size_t channels = layout.channels(), tasks = layout.tasks();
    float* dx = self.output(0, x.shape);
    float* weightGradient = self.output(1, weight.shape);
    float* biasGradient = self.output(2, weight.shape);
    if (self.status) return;
    std::vector<float> sums(tasks * layout.lanes), products(tasks * layout.lanes);
    self.parallel(tasks, [&](size_t task) {
      const size_t at = layout.place(task);
      kernels().gradientSums(g.data + at, x.data + at, layout.pixels, layout.lanes, mean.data + layout.channel(task),
                             sums.data() + task * layout.lanes, products.data() + task * layout.lanes);
    });
    std::vector<float> factor(channels), slope(channels), offset(channels);
    const double count = double(layout.images * layout.pixels);
    for (size_t channel = 0; channel < channels; channel++) {
      double sum = 0, product = 0;
      for (size_t image = 0; image < layout.images; image++) {
        const size_t at = (image * layout.groups + channel / layout.lanes) * layout.lanes + channel % layout.lanes;
        sum += sums[at];
        product += products[at];
      }
      // dx = w·d·(g − mean(g) − (x − m)·d²·mean(g·(x − m)))
      const double d = inverse.data[channel], f = d * weight.data[channel], s = -f * d * d * product / count;
      weightGradient[channel] = float(product * d);
      biasGradient[channel] = float(sum);
      factor[channel] = float(f);
      slope[channel] = float(s);
      offset[channel] = float(-f * sum / count - s * mean.data[channel]);
    }
    self.parallel(tasks, [&](size_t task) {
      const size_t at = layout.place(task), channel = layout.channel(task);
      kernels().combine(g.data + at, x.data + at, layout.pixels, layout.lanes, factor.data() + channel,
                        slope.data() + channel, offset.data() + channel, dx + at);
    });
  }
};

/** x (in blocks, or plain for pictures), g in blocks → [outputs, channels, kernel height, kernel width]. */
struct ConvolutionWeightGradient final : Operator {
  size_t block, kernelHeight, kernelWidth, strideY, strideX;
  ptrdiff_t padTop, padLeft;
  bool plainInput;
  explicit ConvolutionWeightGradient(const Attributes& attributes)
      : block(size_t(attributes.integer("block"))),
        kernelHeight(size_t(attributes.integer("kernel_height"))),
        kernelWidth(size_t(attributes.integer("kernel_width"))),
        strideY(size_t(attributes.integer("stride_y", 1))),
        strideX(size_t(attributes.integer("stride_x", 1))),
        padTop(ptrdiff_t(attributes.integer("pad_top"))),
        padLeft(ptrdiff_t(attributes.integer("pad_left"))),
        plainInput(attributes.integer("plain_input") != 0) {}

  void compute(Call& self) const override {
    const Tensor x = self.input(0), g = self.input(1);
    if (self.status) return;
    if (x.shape.size() != 4 || g.shape.size() != 4 || x.shape[0] != g.shape[0] || g.shape[1] % int64_t(block) != 0 ||
        (!plainInput && x.shape[1] % int64_t(block) != 0))
      return void(self.refuse("ConvolutionWeightGradient's shapes do not belong together."));
    const auto size = [](int64_t value) { return size_t(value); };
    const ConvolutionShape shape{size(x.shape[0]), size(x.shape[1]), size(g.shape[1]), size(x.shape[2]),
                                 size(x.shape[3]), size(g.shape[2]), size(g.shape[3]), kernelHeight,
                                 kernelWidth,      strideY,          strideX,          padTop,
                                 padLeft,          plainInput};
    const size_t taps = kernelHeight * kernelWidth;
    float* weights = self.output(0, {g.shape[1], x.shape[1], int64_t(kernelHeight), int64_t(kernelWidth)});
    if (self.status) return;
    const size_t inputs = plainInput ? shape.channels : block;
    const size_t inputBlocks = shape.channels / inputs, outputBlocks = shape.outputs / block;
    const size_t pairs = inputBlocks * outputBlocks;
    // Enough tasks for many threads, few enough that partial sums stay small.
    const size_t parts = std::max<size_t>(1, std::min(shape.images, 16 / pairs));
    const size_t length = taps * inputs * block;
    std::vector<float> partial(parts * pairs * length);
    const auto gradient = block == 8 ? kernels().weightGradient8 : kernels().weightGradient16;
    self.parallel(parts * pairs, [&](size_t task) {
      const size_t part = task / pairs, pair = task % pairs;
      gradient(x.data, g.data, shape, pair % inputBlocks, pair / inputBlocks, shape.images * part / parts,
               shape.images * (part + 1) / parts, partial.data() + task * length);
    });
    for (size_t pair = 0; pair < pairs; pair++) {
      const size_t inputBlock = pair % inputBlocks, outputBlock = pair / inputBlocks;
      for (size_t tap = 0; tap < taps; tap++)
        for (size_t input = 0; input < inputs; input++)
          for (size_t lane = 0; lane < block; lane++) {
            float sum = 0;
            for (size_t part = 0; part < parts; part++)
              sum += partial[(part * pairs + pair) * length + (tap * inputs + input) * block + lane];
            weights[((outputBlock * block + lane) * shape.channels + inputBlock * inputs + input) * taps + tap] = sum;
          }
    }
  }
};

/** The int64 numbers of a tensor. */
const int64_t* integers(const Tensor& tensor) { return reinterpret_cast<const int64_t*>(tensor.data); }

/** Whether all ids name one of so many rows. */
bool nameRows(const Tensor& ids, int64_t rows) {
  const int64_t* numbers = integers(ids);
  return std::all_of(numbers, numbers + ids.count, [rows](int64_t id) { return id >= 0 && id < rows; });
}

/**
 * to [E], number of nodes [1], from [E]? → starts [nodes + 1] and sources [E]: what is sent to node n comes from
 * sources[starts[n]] … sources[starts[n + 1] − 1], in the order of the edges; without `from` the edges themselves.
 */
struct EdgeOrder final : Operator {
  explicit EdgeOrder(const Attributes&) {}
  void compute(Call& self) const override {
    const Tensor to = self.input(0), count = self.input(1), from = self.input(2);
    if (self.status) return;
    if (count.count != 1 || (from.data && from.count != to.count))
      return void(self.refuse("EdgeOrder's shapes do not belong together."));
    const int64_t nodes = *integers(count);
    if (nodes < 0 || !nameRows(to, nodes)) return void(self.refuse("An edge leads to a node that is not there."));
    auto* starts = reinterpret_cast<int64_t*>(self.output(0, {nodes + 1}));
    auto* sources = reinterpret_cast<int64_t*>(self.output(1, {int64_t(to.count)}));
    if (self.status) return;
    const int64_t* target = integers(to);
    std::fill(starts, starts + nodes + 1, 0);
    for (size_t edge = 0; edge < to.count; edge++) starts[target[edge] + 1]++;
    for (int64_t node = 0; node < nodes; node++) starts[node + 1] += starts[node];
    std::vector<int64_t> next(starts, starts + nodes);
    for (size_t edge = 0; edge < to.count; edge++)
      sources[next[size_t(target[edge])]++] = from.data ? integers(from)[edge] : int64_t(edge);
  }
};

/** Nodes are shared out by so many. */
constexpr size_t NODES = 256;

/** x [rows, …], and the order of edges to N nodes → [N, …]: the sums of the rows that are sent to each. */
struct SumRows final : Operator {
  explicit SumRows(const Attributes&) {}
  void compute(Call& self) const override {
    const Tensor x = self.input(0), starts = self.input(1), sources = self.input(2);
    if (self.status) return;
    if (x.shape.empty() || starts.count == 0 || integers(starts)[starts.count - 1] != int64_t(sources.count))
      return void(self.refuse("SumRows's shapes do not belong together."));
    if (!nameRows(sources, x.shape[0])) return void(self.refuse("An edge comes from a node that is not there."));
    const size_t nodes = starts.count - 1;
    Shape shape = x.shape;
    shape[0] = int64_t(nodes);
    float* sums = self.output(0, shape);
    if (self.status) return;
    size_t width = 1;
    for (size_t axis = 1; axis < shape.size(); axis++) width *= size_t(shape[axis]);
    self.parallel(std::max<size_t>(1, (nodes + NODES - 1) / NODES), [&](size_t group) {
      kernels().sumRows(x.data, integers(starts), integers(sources), width, group * NODES,
                        std::min(nodes, (group + 1) * NODES), sums);
    });
  }
};

struct Description : ort::CustomOp {
  const char* name;
  size_t inputs, optionalInputs, outputs, optionalOutputs;
  /** Inputs from this one on are int64, and outputs where there is no other input. */
  size_t floats;
};

const Description* described(const ort::CustomOp* op) { return static_cast<const Description*>(op); }

template <typename Kind>
ort::CustomOp* describe(const char* name, size_t inputs, size_t outputs, size_t optionalInputs = 0,
                       size_t optionalOutputs = 0, size_t floats = SIZE_MAX) {
  auto* op = new Description{};
  op->name = name;
  op->floats = floats;
  op->inputs = inputs;
  op->optionalInputs = optionalInputs;
  op->optionalOutputs = optionalOutputs;
  op->outputs = outputs;
  op->version = ort::API_VERSION;
  op->GetName = [](const ort::CustomOp* self) { return described(self)->name; };
  op->GetExecutionProviderType = [](const ort::CustomOp*) -> const char* { return "CPUExecutionProvider"; };
  op->GetInputType = [](const ort::CustomOp* self, size_t index) {
    return int(index < described(self)->floats ? ort::ElementType::Float : ort::ElementType::Int64);
  };
  op->GetInputTypeCount = [](const ort::CustomOp* self) { return described(self)->inputs; };
  op->GetOutputType = [](const ort::CustomOp* self, size_t) {
    return int(described(self)->floats > 0 ? ort::ElementType::Float : ort::ElementType::Int64);
  };
  op->GetOutputTypeCount = [](const ort::CustomOp* self) { return described(self)->outputs; };
  op->GetInputCharacteristic = [](const ort::CustomOp* self, size_t index) {
    return index + described(self)->optionalInputs >= described(self)->inputs ? 1 : 0;
  };
  op->GetOutputCharacteristic = [](const ort::CustomOp* self, size_t index) {
    return index + described(self)->optionalOutputs >= described(self)->outputs ? 1 : 0;
  };
  op->GetInputMemoryType = [](const ort::CustomOp*, size_t) { return 0; };
  op->GetMayInplace = [](int** inputs, int** outputs) -> size_t {
    static int first = 0;
    if (!Kind::MAY_OVERWRITE) return 0;
    *inputs = *outputs = &first;
    return 1;
  };
  op->ReleaseMayInplace = [](int*, int*) {};
  op->GetAliasMap = [](int**, int**) -> size_t { return 0; };
  op->ReleaseAliasMap = [](int*, int*) {};
  op->GetStartVersion = [](const ort::CustomOp*) { return 1; };
  op->GetEndVersion = [](const ort::CustomOp*) { return 1; };
  op->CreateKernelV2 = [](const ort::CustomOp*, const void*, const ort::KernelInfo* info, void** kernel) -> Status* {
    *kernel = static_cast<Operator*>(new Kind(Attributes{info}));
    return nullptr;
  };
  op->KernelComputeV2 = [](void* kernel, KernelContext* context) -> Status* {
    Call self(context);
    try {
      static_cast<const Operator*>(kernel)->compute(self);
    } catch (const std::bad_alloc&) {
      return self.refuse("Failed to allocate memory for partial sums.");
    }
    return self.status;
  };
  op->KernelDestroy = [](void* kernel) { delete static_cast<Operator*>(kernel); };
  return op;
}

}  // namespace

Status* operatorDomain(ort::CustomOpDomain** domain) {
  static ort::CustomOpDomain* made = nullptr;
  static Status* problem = [] {
    if (Status* status = call(Slot::CreateCustomOpDomain, DOMAIN, &made)) return status;
    ort::CustomOp* const operators[] = {
        describe<Gelu>("Gelu", 2, 1, 1),
        describe<GeluGradient>("GeluGradient", 3, 1, 1),
        describe<ReluGradient>("ReluGradient", 2, 1),
        describe<AddBias>("AddBias", 3, 1),
        describe<ColumnSum>("ColumnSum", 1, 1),
        describe<EdgeOrder>("EdgeOrder", 3, 2, 1, 0, 0),
        describe<SumRows>("SumRows", 3, 1, 0, 0, 1),
        describe<SoftmaxGradient>("SoftmaxGradient", 2, 1),
        describe<LayerNormGradient>("LayerNormGradient", 6, 3, 1),
        describe<SplitHeads>("SplitHeads", 2, 3, 1, 2),
        describe<JoinHeads>("JoinHeads", 3, 1, 2),
        describe<BatchNormTrain>("BatchNormTrain", 4, 4, 1),
        describe<BatchNormGradient>("BatchNormGradient", 5, 3),
        describe<ConvolutionWeightGradient>("ConvolutionWeightGradient", 2, 1),
    };
    for (ort::CustomOp* op : operators)
      if (Status* status = call(Slot::CustomOpDomain_Add, made, op)) return status;
    return static_cast<Status*>(nullptr);
  }();
  *domain = made;
  return problem;
}

}  // namespace lightbench
