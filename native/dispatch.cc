#include <cstring>

#include "kernels.h"

namespace lightbench {

extern const Kernels base;
#ifdef __x86_64__
extern const Kernels avx2, avx512;
#endif

namespace {

/** The best that the processor has; there is always a last one. */
const Kernels* best() {
#ifdef __x86_64__
  __builtin_cpu_init();
  const bool fused = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (fused && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return &avx512;
  if (fused) return &avx2;
#endif
  return &base;
}

const Kernels* chosen = best();

}  // namespace

const Kernels& kernels() { return *chosen; }

bool chooseKernels(const char* name) {
  if (std::strcmp(name, base.name) == 0) {
    chosen = &base;
    return true;
  }
#ifdef __x86_64__
  if (std::strcmp(name, avx2.name) == 0 && best() != &base) {
    chosen = &avx2;
    return true;
  }
#endif
  return std::strcmp(name, best()->name) == 0;
}

}  // namespace lightbench
