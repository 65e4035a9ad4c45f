#include "daemons/job-supervisor/process/children/started-children.hpp"

#include <algorithm>
#include <sys/syscall.h>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

// FNV-1a, of each name and what separates it from the next.
std::uint64_t key_of(std::string_view job, std::string_view instance, std::string_view process) {
  std::uint64_t hash = 14695981039346656037U;
  auto mix = [&](char byte) { hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211U; };
  for (auto name : {job, instance, process}) {
    for (char byte : name) mix(byte);
    mix('\0');
  }
  return hash == 0 ? 1 : hash;
}

constexpr unsigned turn_place = 32; // above the pid

std::uint64_t in_place(std::uint32_t turn) { return std::uint64_t{turn} << turn_place; }

} // namespace

StartedChildren::StartedChildren(const std::string& path) : kept_{path, "started-3\n"} {
  if (kept_ && kept_->since == 0) kept_->since = ticks_since_boot();
}

const StartedChildren::Place* StartedChildren::place_of(std::uint64_t key) const {
  if (!kept_) return nullptr;
  const auto* found = std::ranges::find_if(
      kept_->places, [key](const Place& place) { return place.key.load(std::memory_order_acquire) == key; });
  return found == kept_->places.end() ? nullptr : found;
}

// The first place that nobody needs, and the only one as long as nothing is sought. The turns go on from those of the
// supervisors before: one of their children may come late, too.
StartedChildren::Begun StartedChildren::begin(std::string_view job, std::string_view instance,
                                              std::string_view process) {
  if (!kept_) return {};
  auto free = std::ranges::find(sought_, false);
  if (free == sought_.end()) {
    kept_->since = ticks_since_boot(); // of this one nothing is kept
    return {};
  }
  forget(job, instance, process);
  Place& place = kept_->places[static_cast<std::size_t>(free - sought_.begin())];
  auto& turn_and_pid = place.mark.turn_and_pid;
  auto turn = static_cast<std::uint32_t>(turn_and_pid.load(std::memory_order_relaxed) >> turn_place) + 1;
  place.key.store(0, std::memory_order_release);
  turn_and_pid.store(in_place(turn), std::memory_order_release);
  place.earliest = ticks_since_boot();
  place.key.store(key_of(job, instance, process), std::memory_order_release);
  return {.mark = &place.mark, .turn = turn};
}

bool StartedChildren::seek(std::string_view job, std::string_view instance, std::string_view process) {
  const Place* place = place_of(key_of(job, instance, process));
  if (place == nullptr) return false;
  sought_[static_cast<std::size_t>(place - kept_->places.begin())] = true;
  return true;
}

std::optional<ProcessId> StartedChildren::find(std::string_view job, std::string_view instance,
                                               std::string_view process) const {
  const Place* place = place_of(key_of(job, instance, process));
  if (place == nullptr) return std::nullopt;
  auto pid = static_cast<pid_t>(place->mark.turn_and_pid.load(std::memory_order_acquire) & 0xffff'ffffU);
  if (pid == 0) return std::nullopt;
  return ProcessId{pid, place->earliest, place->mark.latest.load(std::memory_order_relaxed)};
}

void StartedChildren::forget(std::string_view job, std::string_view instance, std::string_view process) {
  if (!kept_) return;
  auto key = key_of(job, instance, process);
  for (std::size_t i = 0; i < most; ++i) {
    if (kept_->places[i].key.load(std::memory_order_relaxed) != key) continue;
    kept_->places[i].key.store(0, std::memory_order_release);
    sought_[i] = false;
  }
}

// One that was begun in the same tick may have been begun by a supervisor that kept nothing.
bool StartedChildren::knows_all_since(std::uint64_t when) const { return kept_ && kept_->since < when; }

// The C library's getpid may remember that of the supervisor, whose memory the child may share.
void leave_mark(StartMark& mark, std::uint32_t turn) {
  std::uint64_t now = ticks_since_boot(), latest = mark.latest.load(std::memory_order_relaxed);
  while (latest < now && !mark.latest.compare_exchange_weak(latest, now, std::memory_order_relaxed)) {}
  auto expected = in_place(turn);
  auto pid = static_cast<std::uint32_t>(::syscall(SYS_getpid));
  mark.turn_and_pid.compare_exchange_strong(expected, expected | pid, std::memory_order_release,
                                            std::memory_order_relaxed);
}

} // namespace upstart::supervisor
