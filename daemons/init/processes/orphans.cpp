#include "daemons/init/processes/orphans.hpp"

#include "daemons/base/processes/process-stat.hpp"

#include <unistd.h>

#include <charconv>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>

namespace upstart::init {

namespace {

std::optional<pid_t> number(const std::string& text) {
  pid_t result = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return result;
}

} // namespace

std::vector<pid_t> children() {
  std::vector<pid_t> result;
  std::error_code error;
  for (std::filesystem::directory_iterator entry{"/proc", error}, end; !error && entry != end; entry.increment(error))
    if (auto pid = number(entry->path().filename())) {
      auto stat = base::process_stat(*pid);
      if (stat && stat->parent == ::getpid()) result.push_back(*pid);
    }
  return result;
}

void Orphans::end_with(int signal) {
  signal_ = signal;
  told_.clear();
}

bool Orphans::signal_all_but(const std::set<pid_t>& daemons) {
  bool nobody = true;
  for (pid_t pid : children()) {
    if (daemons.contains(pid)) continue;
    nobody = false;
    if (told_.insert(pid).second) ::kill(pid, signal_);
  }
  return nobody;
}

} // namespace upstart::init
