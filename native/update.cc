#include "update.h"

#include <algorithm>
#include <vector>

namespace lightbench {
namespace {

/** Numbers that are worked on at a time: their gradient stays next to the core. */
constexpr size_t BLOCK = 1024;

}  // namespace

double update(UpdatePhase phase, const UpdateStretch& stretch, const float* shares, size_t parts, float factor,
              const AdamNumbers& numbers) {
  const Kernels& kernel = kernels();
  alignas(64) float merged[BLOCK];
  std::vector<const float*> from(parts);
  double squares = 0;
  for (size_t at = 0; at < stretch.count; at += BLOCK) {
    const size_t count = std::min(BLOCK, stretch.count - at);
    float* kept = phase == UpdatePhase::Merge ? stretch.gradients[0] + at : merged;
    if (phase == UpdatePhase::Clipped) {
      from[0] = stretch.gradients[0] + at;
      kernel.merge(from.data(), &factor, 1, count, kept);
    } else {
      for (size_t part = 0; part < parts; part++) from[part] = stretch.gradients[part] + at;
      squares += kernel.merge(from.data(), shares, parts, count, kept);
    }
    if (phase == UpdatePhase::Merge) continue;
    kernel.adam(numbers, stretch.state[0] + at, kept, stretch.state[1] + at, stretch.state[2] + at, count,
                stretch.next[0] + at, stretch.next[1] + at, stretch.next[2] + at);
  }
  return squares;
}

}  // namespace lightbench
