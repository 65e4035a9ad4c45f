// All that comes from a descriptor, until its other end is closed or the file ends; an error ends it, too.
#pragma once

#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

namespace upstart::client {

inline std::string read_to_end(int descriptor) {
  std::string text;
  std::array<char, 16384> buffer;
  ssize_t count = 0;
  while ((count = ::read(descriptor, buffer.data(), buffer.size())) > 0 || (count < 0 && errno == EINTR))
    if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
  return text;
}

} // namespace upstart::client
