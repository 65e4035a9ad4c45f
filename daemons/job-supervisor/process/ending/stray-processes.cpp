#include "daemons/job-supervisor/process/ending/stray-processes.hpp"

#include "daemons/job-supervisor/process/groups/job-group.hpp"

#include <algorithm>
#include <csignal>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

constexpr std::chrono::milliseconds between_looks{20};
constexpr int most_looks = 10;
constexpr int enough_in_vain = 2; // one may fork and end while it is looked for

void kill_tree(pid_t root) {
  for (pid_t pid : tree_of(root)) ::kill(pid, SIGKILL);
}

} // namespace

StrayProcesses::StrayProcesses(Children& children)
    : children_{children},
      timer_{children.loop(), [this] { look(); }},
      next_deadline_{children.loop(), [this] { pass_deadlines(std::chrono::steady_clock::now()); }} {}

void StrayProcesses::kill(JobMembers members) {
  requests_.push_back({std::move(members), ticks_since_boot()});
  timer_.start(std::chrono::milliseconds{0});
}

void StrayProcesses::kill_later(JobMembers members, std::chrono::milliseconds grace) {
  deadlines_.push_back({std::chrono::steady_clock::now() + grace, {std::move(members), ticks_since_boot()}});
  if (!next_deadline_.active()) next_deadline_.start(grace);
}

void StrayProcesses::pass_deadlines(std::chrono::steady_clock::time_point now) {
  std::erase_if(deadlines_, [&](Deadline& deadline) {
    if (deadline.when > now) return false;
    if (deadline.request.members.group.empty()) requests_.push_back(std::move(deadline.request));
    else kill_members(deadline.request.members.group);
    return true;
  });
  if (!requests_.empty()) timer_.start(std::chrono::milliseconds{0});
  if (deadlines_.empty()) return;
  auto next = std::ranges::min(deadlines_, {}, &Deadline::when).when;
  next_deadline_.start(std::chrono::ceil<std::chrono::milliseconds>(next - now));
}

void StrayProcesses::look() {
  if (kill_orphans()) timer_.start(between_looks);
}

void StrayProcesses::finish() {
  pass_deadlines(std::chrono::steady_clock::time_point::max());
  while (kill_orphans()) {}
}

// True if it is to be done again: those who were killed may have had children in the last moment.
bool StrayProcesses::kill_orphans() {
  std::vector<Request*> found;
  for (pid_t pid : children_of(::getpid())) {
    if (children_.is_watched(pid)) continue;
    auto facts = facts_of(pid);
    if (!facts || facts->ended()) continue;
    for (Request& request : requests_) {
      if (facts->started > request.asked || !belongs_to(request.members, *facts)) continue;
      kill_tree(pid);
      found.push_back(&request);
      break;
    }
  }
  std::erase_if(requests_, [&](Request& request) {
    request.in_vain = std::ranges::contains(found, &request) ? 0 : request.in_vain + 1;
    return ++request.looks >= most_looks || request.in_vain >= enough_in_vain;
  });
  return !requests_.empty();
}

} // namespace upstart::supervisor
