#include "kernels.h"

namespace lightbench {

extern const Kernels base;
#ifdef __x86_64__
extern const Kernels avx2, avx512;
#endif

const Kernels& kernels() {
#ifdef __x86_64__
  static const Kernels& best = []() -> const Kernels& {
    __builtin_cpu_init();
    const bool fused = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (fused && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
      return avx512;
    return fused ? avx2 : base;
  }();
  return best;
#else
  return base;
#endif
}

}  // namespace lightbench
