// How often something has come from outside this process, as far as its loop and its connections see: bytes on a
// connection, a descriptor that became ready, a signal, a time. Whoever looks at what only others change need not look
// again while this is the same: what others did before they told us of it was there at the last look. Of the thread,
// as its loop is.
#pragma once

#include <cstdint>

namespace upstart::base {

class InputCount {
public:
  [[nodiscard]] static std::uint64_t now() { return count; }
  static void note() { ++count; }

private:
  static inline thread_local std::uint64_t count = 1; // never 0, so that who has not looked yet may say 0
};

} // namespace upstart::base
