// Descriptors that are kept as long as a process lives, one or more for each: they lie above those that come and go, so
// that a child which takes the lower part of the table with it does not take them (job-supervisor/process/spawn).
#pragma once

#include "daemons/base/file-descriptor.hpp"

namespace upstart::base {

inline constexpr int first_lasting_descriptor = 512;

// The same open file under a number from `first_lasting_descriptor` on, close-on-exec; the very descriptor where no
// such number is to be had.
[[nodiscard]] inline FileDescriptor out_of_the_way(FileDescriptor descriptor) {
  if (!descriptor || descriptor.get() >= first_lasting_descriptor) return descriptor;
  FileDescriptor moved{::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, first_lasting_descriptor)};
  return moved ? std::move(moved) : std::move(descriptor);
}

} // namespace upstart::base
