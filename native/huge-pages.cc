#include "huge-pages.h"

#ifdef __linux__
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

namespace lightbench {
namespace {

constexpr uintptr_t LARGE = uintptr_t(1) << 21;
constexpr size_t SMALL = 4096;
/** Of the small pages of a large one, so many must be there already: memory that nobody asked for is not taken. */
constexpr long ENOUGH = LARGE / SMALL * 7 / 8;
/** In memory, and of this process alone: not the page of zeros that stands for what was read but never written. */
constexpr uint64_t OWN = uint64_t(1) << 63 | uint64_t(1) << 56;

struct Stretch {
  uintptr_t first, last;
};

/** Where whole large pages fit into memory that is of this process alone, can be written, and belongs to no file. */
std::vector<Stretch> stretches() {
  std::vector<Stretch> found;
  FILE* maps = std::fopen("/proc/self/maps", "r");
  if (!maps) return found;
  char line[512];
  while (std::fgets(line, sizeof line, maps)) {
    unsigned long first, last, inode;
    char rights[5];
    if (std::sscanf(line, "%lx-%lx %4s %*x %*s %lu", &first, &last, rights, &inode) != 4) continue;
    if (std::strcmp(rights, "rw-p") != 0 || inode != 0 || std::strstr(line, "[stack")) continue;
    const Stretch whole{(first + LARGE - 1) & ~(LARGE - 1), last & ~(LARGE - 1)};
    if (whole.first < whole.last) found.push_back(whole);
  }
  std::fclose(maps);
  return found;
}

}  // namespace

size_t gatherPages() {
  size_t bytes = 0;
  if (sysconf(_SC_PAGESIZE) != long(SMALL)) return bytes;
  const int map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (map < 0) return bytes;
  std::vector<uint64_t> pages(LARGE / SMALL);
  const auto isThere = [&](uintptr_t at) {
    const auto length = ssize_t(pages.size() * sizeof(uint64_t));
    if (pread(map, pages.data(), size_t(length), off_t(at / SMALL * sizeof(uint64_t))) != length) return false;
    return std::count_if(pages.begin(), pages.end(), [](uint64_t page) { return (page & OWN) == OWN; }) >= ENOUGH;
  };
  for (const auto [first, last] : stretches()) {
    // As much as possible at a time: every call waits for all processors once.
    for (uintptr_t at = first, end = at; at < last; at = end + LARGE) {
      for (end = at; end < last && isThere(end);) end += LARGE;
      if (end > at && madvise(reinterpret_cast<void*>(at), end - at, MADV_COLLAPSE) == 0) bytes += end - at;
    }
  }
  close(map);
  return bytes;
}

}  // namespace lightbench
#else
namespace lightbench {
size_t gatherPages() { return 0; }
}  // namespace lightbench
#endif
