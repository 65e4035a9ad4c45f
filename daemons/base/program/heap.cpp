#include "daemons/base/program/heap.hpp"

#include <malloc.h>

namespace upstart::base {

namespace {

constexpr std::size_t kept_for_the_next_burst = 128UL * 1024;

} // namespace

bool give_back_free_memory(std::size_t at_least) {
#ifdef __GLIBC__
  if (::mallinfo2().fordblks < at_least) return false;
  return ::malloc_trim(kept_for_the_next_burst) == 1;
#else
  return at_least == 0;
#endif
}

} // namespace upstart::base
