#pragma once
#include <cstddef>

namespace lightbench {

/**
 * Has the kernel move what this process keeps in memory into pages of 2 MiB, where it can (Linux 6.1, MADV_COLLAPSE). A step
 * goes through tens of MiB that lie in as many pages of 4 KiB as a processor cannot keep the places of.
 * @return bytes that lie in large pages now; 0 elsewhere
 */
size_t gatherPages();

}  // namespace lightbench
