#include "daemons/job-supervisor/process/ending/left-processes.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace upstart::supervisor {

namespace {

constexpr std::chrono::milliseconds a_moment{500};
constexpr std::size_t few = 64;

bool is_there(const ProcessId& id) {
  auto facts = facts_of(id.pid);
  return facts && !facts->ended() && id.is(facts->pid, facts->started);
}

} // namespace

LeftProcesses::LeftProcesses(base::EventLoop& loop) : drop_at_{few}, timer_{loop, [this] { look(); }} {}

void LeftProcesses::tell_of(const void* instance, const std::vector<pid_t>& processes, Tell tell) {
  auto left = not_known_yet(processes);
  if (left.empty()) return;
  std::ranges::copy(left, std::back_inserter(known_));
  pending_.push_back({instance, Clock::now() + a_moment, std::move(left), std::move(tell)});
  if (!timer_.active()) wait();
}

void LeftProcesses::forget(const void* instance) {
  std::erase_if(pending_, [instance](const Pending& one) { return one.instance == instance; });
}

void LeftProcesses::instance_gone(const void* instance) {
  for (auto& one : pending_)
    if (one.instance == instance) one.instance = nullptr;
}

std::vector<ProcessId> LeftProcesses::not_known_yet(const std::vector<pid_t>& processes) const {
  std::vector<ProcessId> left;
  for (pid_t pid : processes) {
    auto facts = facts_of(pid);
    if (!facts || facts->ended()) continue;
    ProcessId id{pid, facts->started, facts->started};
    if (!std::ranges::contains(known_, id)) left.push_back(id);
  }
  return left;
}

void LeftProcesses::look() {
  while (!pending_.empty() && pending_.front().when <= Clock::now()) {
    Pending one = std::move(pending_.front());
    pending_.pop_front();
    std::vector<pid_t> pids;
    for (const ProcessId& id : one.processes)
      if (is_there(id)) pids.push_back(id.pid);
    if (!pids.empty()) one.tell(pids);
  }
  drop_ended();
  wait();
}

void LeftProcesses::wait() {
  if (pending_.empty()) return;
  auto left = std::chrono::ceil<std::chrono::milliseconds>(pending_.front().when - Clock::now());
  timer_.start(std::max(left, std::chrono::milliseconds{0}));
}

void LeftProcesses::drop_ended() {
  if (known_.size() < drop_at_) return;
  std::erase_if(known_, [](const ProcessId& id) { return !is_there(id); });
  drop_at_ = std::max(few, 2 * known_.size());
}

} // namespace upstart::supervisor
