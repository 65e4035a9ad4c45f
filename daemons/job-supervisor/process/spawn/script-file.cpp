#include "daemons/job-supervisor/process/spawn/script-file.hpp"

#include <cerrno>
#include <sys/mman.h>

namespace upstart::supervisor {

namespace {

using base::FileDescriptor;

constexpr unsigned not_to_be_executed = 0x0008U; // MFD_NOEXEC_SEAL, Linux 6.3

FileDescriptor create() {
  constexpr unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  FileDescriptor file{::memfd_create("script", flags | not_to_be_executed)};
  return file || errno != EINVAL ? std::move(file) : FileDescriptor{::memfd_create("script", flags)};
}

} // namespace

std::expected<FileDescriptor, int> script_file(std::string_view text) {
  FileDescriptor file = create();
  if (!file) return std::unexpected{errno};
  for (std::size_t done = 0; done < text.size();) {
    ssize_t written = ::write(file.get(), text.data() + done, text.size() - done);
    if (written < 0 && errno != EINTR) return std::unexpected{errno};
    if (written > 0) done += static_cast<std::size_t>(written);
  }
  ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
  return file;
}

} // namespace upstart::supervisor
