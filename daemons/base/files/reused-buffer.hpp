// A buffer that is filled and emptied again and again: it keeps its memory, but not what a burst made it take.
#pragma once

#include <cstddef>

namespace upstart::base {

// Empties a string or vector.
template <typename Buffer> void clear_for_next(Buffer& buffer) {
  constexpr std::size_t most_kept = 65'536; // bytes
  if (buffer.capacity() * sizeof(typename Buffer::value_type) > most_kept)
    Buffer{}.swap(buffer); // an assignment would keep the memory
  else buffer.clear();
}

} // namespace upstart::base
