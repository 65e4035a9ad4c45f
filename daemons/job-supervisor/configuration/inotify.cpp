#include "daemons/job-supervisor/configuration/inotify.hpp"

#include <sys/inotify.h>
#include <sys/ioctl.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>

namespace upstart::supervisor {

namespace {

std::error_code last_error() { return {errno, std::generic_category()}; }

void append(std::span<const char> bytes, std::vector<Inotify::Event>& events) {
  while (bytes.size() >= sizeof(inotify_event)) {
    inotify_event event{};
    std::memcpy(&event, bytes.data(), sizeof event);
    const char* name = bytes.data() + sizeof event;
    events.push_back({.watch = event.wd, .mask = event.mask, .name = {name, ::strnlen(name, event.len)}});
    bytes = bytes.subspan(sizeof event + event.len);
  }
}

} // namespace

std::expected<Inotify, std::error_code> Inotify::open() {
  base::FileDescriptor fd{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
  if (!fd) return std::unexpected{last_error()};
  return Inotify{std::move(fd)};
}

std::expected<int, std::error_code> Inotify::watch(const std::string& path, std::uint32_t mask) {
  int watch = ::inotify_add_watch(fd_.get(), path.c_str(), mask | IN_MASK_ADD);
  if (watch < 0) return std::unexpected{last_error()};
  return watch;
}

void Inotify::forget(int watch) { ::inotify_rm_watch(fd_.get(), watch); }

bool Inotify::pending() const {
  int bytes = 0;
  return ::ioctl(fd_.get(), FIONREAD, &bytes) == 0 && bytes > 0;
}

std::vector<Inotify::Event> Inotify::take() {
  std::vector<Event> events;
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    auto size = ::read(fd_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return events;
    append(std::span{buffer}.first(static_cast<std::size_t>(size)), events);
  }
}

} // namespace upstart::supervisor
