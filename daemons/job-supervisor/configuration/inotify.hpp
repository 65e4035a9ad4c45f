// The kernel's inotify, owned: a descriptor to wait on, watches by number, events as values.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <system_error>
#include <vector>

namespace upstart::supervisor {

class Inotify {
public:
  struct Event {
    int watch = 0;          // -1 for IN_Q_OVERFLOW
    std::uint32_t mask = 0; // IN_…
    std::string name;       // of the entry; empty: the watched directory itself
  };

  [[nodiscard]] static std::expected<Inotify, std::error_code> open();

  [[nodiscard]] int fd() const { return fd_.get(); }
  // The same number for the same directory, however it is reached; what is watched for adds up.
  [[nodiscard]] std::expected<int, std::error_code> watch(const std::string& path, std::uint32_t mask);
  void forget(int watch);
  // Are there events to take?
  [[nodiscard]] bool pending() const;
  // All events so far; does not wait.
  [[nodiscard]] std::vector<Event> take();

private:
  explicit Inotify(base::FileDescriptor fd) : fd_{std::move(fd)} {}

  base::FileDescriptor fd_;
};

} // namespace upstart::supervisor
