#include "daemons/base/files/mapped-record.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace upstart::base {

namespace {

// What it is, and of which boot: process ids and start times mean nothing after another one.
using Form = std::array<char, 48>;

Form current_form(std::string_view name) {
  Form form{};
  std::ranges::copy(name, form.begin());
  FileDescriptor boot{::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)};
  if (boot) (void)!::read(boot.get(), form.data() + name.size(), 36);
  return form;
}

} // namespace

// A page that no room is left for would end the supervisor when it is written to: so the room is taken first.
MappedBytes::MappedBytes(const std::string& path, std::string_view form, std::size_t size)
    : size_{sizeof(Form) + size} {
  if (path.empty()) return;
  FileDescriptor fd{::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
  error_ = fd ? ::posix_fallocate(fd.get(), 0, static_cast<off_t>(size_)) : errno;
  if (error_ != 0) return;
  void* memory = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) {
    error_ = errno;
    return;
  }
  memory_ = memory;
  auto current = current_form(form);
  if (std::memcmp(memory_, current.data(), sizeof current) == 0) return;
  std::memset(data(), 0, size);
  std::memcpy(memory_, current.data(), sizeof current);
}

MappedBytes::~MappedBytes() {
  if (memory_ != nullptr) ::munmap(memory_, size_);
}

void* MappedBytes::data() const { return memory_ == nullptr ? nullptr : static_cast<char*>(memory_) + sizeof(Form); }

} // namespace upstart::base
