#include "daemons/base/program/oom-score.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <linux/kcmp.h>
#include <sched.h>
#include <sys/syscall.h>

#include <array>
#include <charconv>
#include <string_view>

namespace upstart::base {

namespace {

constexpr const char* path = "/proc/self/oom_score_adj";
constexpr int spared = -900; // not -1000: a daemon that alone eats all memory must be killed in the end
constexpr std::string_view spared_text = "-900\n";

std::string& ordinary() {
  static std::string value;
  return value;
}

bool shares_memory(pid_t child) { return ::syscall(SYS_kcmp, ::getpid(), child, KCMP_VM, 0, 0) == 0; }

} // namespace

void avoid_oom_killer() {
  FileDescriptor file{::open(path, O_RDWR | O_CLOEXEC)};
  std::array<char, 16> text{};
  auto length = file ? ::read(file.get(), text.data(), text.size()) : -1;
  int now = spared;
  if (length > 0) std::from_chars(text.data(), text.data() + length, now);
  if (now <= spared) return;
  if (::pwrite(file.get(), spared_text.data(), spared_text.size(), 0) > 0) ordinary() = std::to_string(now);
}

const std::string& ordinary_oom_score() { return ordinary(); }

void give_ordinary_oom_score(pid_t child) {
  const auto& score = ordinary();
  if (score.empty()) return;
  // The parent is told a moment before the kernel changes the child's memory.
  constexpr int most_looks = 100;
  for (int look = 0; shares_memory(child); ++look)
    if (look == most_looks || ::sched_yield() != 0) return;
  FileDescriptor file{::open(("/proc/" + std::to_string(child) + "/oom_score_adj").c_str(), O_WRONLY | O_CLOEXEC)};
  if (file && ::write(file.get(), score.data(), score.size()) < 0) return; // it has ended
}

} // namespace upstart::base
