#include "daemons/job-supervisor/process/plan/offered-files.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace upstart::supervisor {

namespace {

// A socket has an inode of its own, and so has a FIFO that has a file.
bool is_same_socket(const base::FileDescriptor& one, const base::FileDescriptor& other) {
  struct stat first{}, second{};
  if (::fstat(one.get(), &first) < 0 || ::fstat(other.get(), &second) < 0) return false;
  bool comparable = S_ISSOCK(first.st_mode) || S_ISFIFO(first.st_mode);
  return comparable && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

void make_blocking(int fd) {
  int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) != 0) ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

} // namespace

SpawnRequest with_offered_files(SpawnRequest request) {
  if (request.offered.empty()) return request;
  auto files = std::exchange(request.files, {});
  auto names = std::exchange(request.file_names, {});
  for (const auto& offered : request.offered) {
    if (!offered.is_used_by_others) make_blocking(offered.file->get());
    request.files.push_back(offered.file);
    request.file_names.push_back(offered.name);
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    auto is_it = [&](const OfferedFile& offered) { return is_same_socket(*offered.file, *files[i]); };
    if (std::ranges::any_of(request.offered, is_it)) continue;
    request.files.push_back(files[i]);
    request.file_names.push_back(i < names.size() ? names[i] : "unknown");
  }
  request.offered.clear();
  return request;
}

} // namespace upstart::supervisor
