#include "daemons/job-supervisor/process/children/started-child.hpp"

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

// The turns go on from those of the supervisors before: one of their children may come late, too.
StartedChild::Begun StartedChild::begin(std::string_view job, std::string_view instance, std::string_view process) {
  if (!last_) return {};
  auto& turn_and_pid = last_->mark.turn_and_pid;
  auto turn = static_cast<std::uint32_t>(turn_and_pid.load(std::memory_order_relaxed) >> turn_place) + 1;
  last_->key.store(0, std::memory_order_release);
  turn_and_pid.store(in_place(turn), std::memory_order_release);
  last_->earliest = ticks_since_boot();
  last_->key.store(key_of(job, instance, process), std::memory_order_release);
  return {.mark = &last_->mark, .turn = turn};
}

std::optional<ProcessId> StartedChild::find(std::string_view job, std::string_view instance,
                                            std::string_view process) const {
  if (!last_ || last_->key.load(std::memory_order_acquire) != key_of(job, instance, process)) return std::nullopt;
  auto pid = static_cast<pid_t>(last_->mark.turn_and_pid.load(std::memory_order_acquire) & 0xffff'ffffU);
  if (pid == 0) return std::nullopt;
  return ProcessId{pid, last_->earliest, last_->mark.latest.load(std::memory_order_relaxed)};
}

void StartedChild::forget(std::string_view job, std::string_view instance, std::string_view process) {
  if (!last_ || last_->key.load(std::memory_order_relaxed) != key_of(job, instance, process)) return;
  last_->key.store(0, std::memory_order_release);
}

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
