#pragma once
#include <cstddef>

#include "kernels.h"

namespace lightbench {

/** A thread's stretch of one parameter. */
struct UpdateStretch {
  size_t count;
  /** p, M, V as they are, and where they go. */
  const float* state[3];
  float* next[3];
  /** One per part of the batch; the first also takes what `merge` leaves. */
  float* const* gradients;
};

enum class UpdatePhase { Whole, Merge, Clipped };

/**
 * One thread's part of an update by Adam in one pass over memory. The twin of main/workers/training/adam-kernel.ts.
 * @param shares what the gradients of each part count for
 * @param factor what merged gradients are multiplied by, for `Clipped`
 * @return the sum of squares of the merged gradient; 0 for `Clipped`
 */
double update(UpdatePhase phase, const UpdateStretch& stretch, const float* shares, size_t parts, float factor,
              const AdamNumbers& numbers);

}  // namespace lightbench
