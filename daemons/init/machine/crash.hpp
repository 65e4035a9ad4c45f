// A fault of init itself (SIGSEGV, an assertion) would be the kernel's panic. Instead the fault is told to console and
// kernel log, a child leaves the core dump, and init's program is executed anew in the same process. It finds the jobs
// by what the daemons wrote down. How often that happened lately is handed on in the environment.
#pragma once

#include <string>
#include <vector>

namespace upstart::init {

// From now on. `arguments` are those that the program is executed anew with, its own path first.
void survive_crashes(const std::vector<std::string>& arguments);

// How often init has crashed, the last time included, each time within a minute of the one before; 0: this is an
// ordinary start. Takes the note out of the environment.
[[nodiscard]] unsigned crashes_so_far();

// That note: how many crashes followed each other closely, and when the last of them was, in seconds of the monotonic
// clock.
struct CrashNote {
  unsigned count = 0;
  long when = 0;
  friend bool operator==(const CrashNote&, const CrashNote&) = default;
};
inline constexpr long crashes_in_a_row_seconds = 60;
// After one more crash: more than `window` seconds after the one before it is the first again.
[[nodiscard]] constexpr CrashNote after_crash(CrashNote before, long now, long window = crashes_in_a_row_seconds) {
  return {before.count > 0 && now - before.when <= window ? before.count + 1 : 1, now};
}

// Executes the program anew, as at a first start; returns where that fails, with the reason.
[[nodiscard]] std::string execute_anew();

} // namespace upstart::init
