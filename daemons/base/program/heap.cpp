#include "daemons/base/program/heap.hpp"

#include <malloc.h>

namespace upstart::base {

namespace {

constexpr std::size_t kept_for_the_next_burst = 128UL * 1024;
constexpr int large_piece = 256 * 1024;
constexpr int kept_in_a_burst = 16 << 20;

} // namespace

void set_up_heap() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, large_piece);
  ::mallopt(M_TRIM_THRESHOLD, kept_in_a_burst);
#endif
}

bool give_back_free_memory(std::size_t at_least) {
#ifdef __GLIBC__
  if (::mallinfo2().fordblks < at_least) return false;
  return ::malloc_trim(kept_for_the_next_burst) == 1;
#else
  return at_least == 0;
#endif
}

} // namespace upstart::base
