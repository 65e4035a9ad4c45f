#include "daemons/job-supervisor/process/children/ended-children.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

constexpr std::string_view form_name = "ends-1\n";

// Process ids and start times mean nothing after another boot.
std::array<char, 48> current_form() {
  std::array<char, 48> form{};
  std::ranges::copy(form_name, form.begin());
  base::FileDescriptor boot{::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)};
  if (boot) (void)!::read(boot.get(), form.data() + form_name.size(), 36);
  return form;
}

} // namespace

EndedChildren::EndedChildren(const std::string& path) {
  if (!path.empty()) map(path);
}

EndedChildren::~EndedChildren() {
  if (file_ != nullptr) ::munmap(file_, sizeof(File));
}

// A page that no room is left for would end the supervisor when it is written to: so the room is taken first.
void EndedChildren::map(const std::string& path) {
  base::FileDescriptor fd{::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
  error_ = fd ? ::posix_fallocate(fd.get(), 0, sizeof(File)) : errno;
  if (error_ != 0) return;
  void* memory = ::mmap(nullptr, sizeof(File), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) {
    error_ = errno;
    return;
  }
  file_ = static_cast<File*>(memory);
  if (auto form = current_form(); file_->form != form) {
    file_->count = 0;
    file_->entries = {};
    file_->form = form;
  }
}

void EndedChildren::add(const ProcessId& child, int wait_status) {
  if (file_ == nullptr) return;
  std::uint64_t count = file_->count.load(std::memory_order_relaxed);
  file_->entries[count % most_kept] = {child.pid, wait_status, child.earliest, child.latest};
  file_->count.store(count + 1, std::memory_order_release);
}

// The intervals of both sides hold the true start.
std::optional<int> EndedChildren::wait_status_of(const ProcessId& child) const {
  if (file_ == nullptr) return std::nullopt;
  std::uint64_t count = file_->count.load(std::memory_order_acquire);
  for (std::uint64_t back = 1; back <= std::min<std::uint64_t>(count, most_kept); ++back) {
    const Entry& entry = file_->entries[(count - back) % most_kept];
    if (entry.pid != child.pid) continue;
    if (child.latest == 0 || (entry.earliest <= child.latest && child.earliest <= entry.latest))
      return entry.wait_status;
  }
  return std::nullopt;
}

} // namespace upstart::supervisor
