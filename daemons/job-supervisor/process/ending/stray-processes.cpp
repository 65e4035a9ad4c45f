#include "daemons/job-supervisor/process/ending/stray-processes.hpp"

#include "daemons/job-supervisor/process/groups/job-group.hpp"

#include "daemons/base/bytes.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <unistd.h>
#include <utility>

namespace upstart::supervisor {

namespace {

constexpr std::chrono::milliseconds between_looks{20}, between_looks_for_waiting{2};
constexpr std::chrono::milliseconds longest{200}, longest_for_waiting{2000};
constexpr int enough_in_vain = 2;

std::string read_whole(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

// Times mean nothing after another boot.
std::string boot() { return read_whole("/proc/sys/kernel/random/boot_id"); }

// Appears whole or not at all.
void write_whole(const std::string& path, const std::string& bytes) {
  std::string part = path + ".new";
  std::ofstream file{part, std::ios::binary | std::ios::trunc};
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (file.good()) ::rename(part.c_str(), path.c_str());
}

void kill_tree(pid_t root) {
  for (pid_t pid : tree_of(root)) ::kill(pid, SIGKILL);
}

} // namespace

StrayProcesses::StrayProcesses(Children& children, std::string path)
    : children_{children},
      path_{std::move(path)},
      timer_{children.loop(), [this] { look(); }},
      next_deadline_{children.loop(), [this] { pass_deadlines(Clock::now()); }} {}

StrayProcesses::Request StrayProcesses::make_request(JobMembers members, EndScope scope) {
  return {.members = std::move(members),
          .scope = std::move(scope),
          .asked = ticks_since_boot(),
          .until = Clock::now() + longest};
}

void StrayProcesses::kill(JobMembers members, EndScope scope) {
  requests_.push_back(make_request(std::move(members), std::move(scope)));
  requests_.back().kept = true;
  keep_for_next_supervisor();
  timer_.start(std::chrono::milliseconds{0});
}

void StrayProcesses::kill_all(JobMembers members, EndScope scope, NoneLeft none_left) {
  Request request = make_request(std::move(members), std::move(scope));
  request.until = Clock::now() + longest_for_waiting;
  request.none_left = std::move(none_left);
  requests_.push_back(std::move(request));
  timer_.start(std::chrono::milliseconds{0});
}

void StrayProcesses::kill_later(JobMembers members, EndScope scope, std::chrono::milliseconds grace) {
  deadlines_.push_back({Clock::now() + grace, make_request(std::move(members), std::move(scope))});
  keep_for_next_supervisor();
  if (!next_deadline_.active()) next_deadline_.start(grace);
}

// Written anew each time: there are few, and they are rare. What is to be killed at once is one whose time has passed.
// Not those of whom somebody waits for the end: the instance's notes tell of them.
void StrayProcesses::keep_for_next_supervisor() const {
  if (path_.empty()) return;
  std::vector<std::pair<Clock::time_point, const Request*>> kept;
  for (const Request& request : requests_)
    if (request.kept) kept.emplace_back(Clock::time_point{}, &request);
  for (const Deadline& deadline : deadlines_) kept.emplace_back(deadline.when, &deadline.request);
  if (kept.empty()) {
    ::unlink(path_.c_str());
    return;
  }
  std::string bytes;
  base::ByteWriter out{bytes};
  out.text(boot());
  out.list(kept, [&](const auto& one) {
    const auto& [when, request] = one;
    out.number(when.time_since_epoch().count());
    request->members.write(out);
    request->scope.write(out);
    out.number(request->asked);
  });
  write_whole(path_, bytes);
}

void StrayProcesses::recover() {
  std::string bytes = path_.empty() ? "" : read_whole(path_);
  base::ByteReader in{bytes};
  if (bytes.empty() || in.text() != boot()) return;
  auto kept = in.list([&] {
    Clock::time_point when{Clock::duration{in.number<std::int64_t>()}};
    auto members = JobMembers::read(in);
    Request request = make_request(std::move(members), EndScope::read(in));
    request.asked = in.number();
    return Deadline{when, std::move(request)};
  });
  if (!in.outcome() || kept.empty()) return;
  children_.adopts_processes();
  std::ranges::move(kept, std::back_inserter(deadlines_));
  next_deadline_.start(std::chrono::milliseconds{0});
}

void StrayProcesses::pass_deadlines(Clock::time_point now) {
  auto passed = std::erase_if(deadlines_, [&](Deadline& deadline) {
    if (deadline.when > now) return false;
    Request& request = deadline.request;
    auto ends = [&](pid_t pid) {
      auto facts = facts_of(pid);
      return !facts || request.scope.includes(*facts);
    };
    request.until = Clock::now() + longest;
    request.kept = true;
    if (request.members.group.empty()) requests_.push_back(std::move(request));
    else kill_members(request.members.group, ends);
    return true;
  });
  if (passed > 0) keep_for_next_supervisor();
  if (!requests_.empty()) timer_.start(std::chrono::milliseconds{0});
  if (deadlines_.empty()) return;
  auto next = std::ranges::min(deadlines_, {}, &Deadline::when).when;
  next_deadline_.start(std::chrono::ceil<std::chrono::milliseconds>(next - now));
}

void StrayProcesses::look() {
  kill_orphans();
  auto finished = take_finished();
  if (!requests_.empty()) {
    bool waits = std::ranges::any_of(requests_, [](const Request& one) { return one.none_left != nullptr; });
    timer_.start(waits ? between_looks_for_waiting : between_looks);
  }
  for (Request& request : finished) request.none_left(std::move(request.remaining));
}

void StrayProcesses::finish() {
  pass_deadlines(Clock::time_point::max());
  while (!requests_.empty()) {
    kill_orphans();
    (void)take_finished();
  }
}

void StrayProcesses::kill_orphans() {
  for (Request& request : requests_) {
    request.found = false;
    request.remaining.clear();
  }
  for (pid_t pid : children_.orphans()) {
    auto facts = facts_of(pid);
    if (!facts || facts->ended()) continue;
    for (Request& request : requests_) consider(request, *facts);
  }
}

// Nobody who waits for the end of all has anything new of the job started meanwhile.
void StrayProcesses::consider(Request& request, const ProcessFacts& orphan) const {
  if (orphan.started > request.asked && !request.none_left) return;
  Membership membership = membership_of(orphan, request.members);
  if (membership == Membership::stranger) return;
  if (membership == Membership::member && !request.scope.includes(orphan)) {
    request.remaining.push_back(orphan.pid);
    return;
  }
  request.found = true;
  if (membership == Membership::member) kill_tree(orphan.pid);
}

// Of each request that waits, once it is found that none is left; the others go when they have looked enough. Those who
// were killed are reaped before: then they have gone for everybody.
std::vector<StrayProcesses::Request> StrayProcesses::take_finished() {
  auto now = Clock::now();
  std::vector<Request> finished;
  for (Request& request : requests_) {
    bool first_in_vain = !request.found && request.in_vain == 0;
    request.in_vain = request.found ? 0 : request.in_vain + 1;
    if (!request.none_left || (!first_in_vain && now < request.until)) continue;
    finished.push_back(request);
    request.none_left = nullptr;
    request.asked = ticks_since_boot();
  }
  bool kept_are_done = false;
  std::erase_if(requests_, [&](const Request& one) {
    bool done = one.in_vain >= enough_in_vain || one.until <= now;
    kept_are_done |= done && one.kept;
    return done;
  });
  if (kept_are_done) keep_for_next_supervisor();
  if (!finished.empty()) children_.reap();
  return finished;
}

} // namespace upstart::supervisor
