// Places at which a test may let the process die: `fault_point("memory.written");`. In a release build there is nothing
// there. Built with UPSTART_FAULT_POINTS (a CMake option, on in Debug), the process kills itself with SIGKILL when it
// passes the point that its environment names: UPSTART_FAULT=NAME, or NAME:N for the Nth time it is passed. With
// UPSTART_FAULT_ONCE=PATH it does so only if it can make that file, which is not there yet: the process that takes the
// place of the dead one then lives. Names are `component.step`; anybody may add points.
#pragma once

#ifdef UPSTART_FAULT_POINTS

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string_view>

namespace upstart::base {

struct FaultWish {
  std::string_view name;
  unsigned long left = 0; // passings until it dies; 0: nothing is wished
  const char* once = nullptr;

  static FaultWish from_environment() {
    const char* wish = std::getenv("UPSTART_FAULT");
    if (wish == nullptr) return {};
    std::string_view name{wish};
    auto colon = name.find(':');
    unsigned long left = colon == std::string_view::npos ? 1 : std::strtoul(wish + colon + 1, nullptr, 10);
    return {.name = name.substr(0, colon), .left = left, .once = std::getenv("UPSTART_FAULT_ONCE")};
  }
};

// What the environment wished when the process passed its first point.
inline FaultWish& fault_wish() {
  static FaultWish wish = FaultWish::from_environment();
  return wish;
}

inline void pass_fault_point(FaultWish& wish, std::string_view name) {
  if (name != wish.name || --wish.left > 0) return;
  if (wish.once != nullptr && ::open(wish.once, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600) < 0) return;
  ::kill(::getpid(), SIGKILL);
}

// Where nothing is wished it takes no frame of the sanitizer's: a child may run in this memory meanwhile.
[[gnu::no_sanitize_address]] inline void fault_point(const char* name) {
  auto& wish = fault_wish();
  if (wish.left > 0) pass_fault_point(wish, name);
}

} // namespace upstart::base

#else

namespace upstart::base {
inline void fault_point(const char*) {}
} // namespace upstart::base

#endif
