#include "daemons/job-supervisor/process/settling.hpp"

#include "daemons/job-supervisor/process/process-tree.hpp"

namespace upstart::supervisor {

namespace {
using namespace std::chrono_literals;
constexpr auto look_every = 1s;
constexpr auto longest_quiet = 10s;
constexpr auto longest = 90s;
} // namespace

std::string activity_of(pid_t pid) {
  std::string activity;
  for (pid_t member : tree_of(pid))
    if (auto facts = facts_of(member)) activity += std::to_string(member) + ' ' + std::to_string(facts->processor_time) + ' ';
  return activity;
}

Patience::Patience(protocol::EventLoop& loop, std::function<pid_t()> process, std::function<void()> at_an_end)
    : process_{std::move(process)}, at_an_end_{std::move(at_an_end)}, timer_{loop, [this] { look(); }} {}

void Patience::begin() { timer_.start_repeating(look_every); }

void Patience::look() {
  passed_ += look_every;
  quiet_ += look_every;
  std::string now = activity_of(process_());
  if (now != activity_) quiet_ = 0s;
  activity_ = std::move(now);
  if (quiet_ < longest_quiet && passed_ < longest) return;
  timer_.stop();
  at_an_end_();
}

} // namespace upstart::supervisor
