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

} // namespace

StartMark* StartedChild::begin(std::string_view job, std::string_view instance, std::string_view process) {
  if (!last_) return nullptr;
  last_->key.store(0, std::memory_order_release);
  last_->mark.pid.store(0, std::memory_order_relaxed);
  last_->earliest = ticks_since_boot();
  last_->key.store(key_of(job, instance, process), std::memory_order_release);
  return &last_->mark;
}

std::optional<ProcessId> StartedChild::find(std::string_view job, std::string_view instance,
                                            std::string_view process) const {
  if (!last_ || last_->key.load(std::memory_order_acquire) != key_of(job, instance, process)) return std::nullopt;
  pid_t pid = last_->mark.pid.load(std::memory_order_acquire);
  if (pid == 0) return std::nullopt;
  return ProcessId{pid, last_->earliest, last_->mark.latest.load(std::memory_order_relaxed)};
}

void StartedChild::forget(std::string_view job, std::string_view instance, std::string_view process) {
  if (!last_ || last_->key.load(std::memory_order_relaxed) != key_of(job, instance, process)) return;
  last_->key.store(0, std::memory_order_release);
}

// The C library's getpid may remember that of the supervisor, whose memory the child may share.
void leave_mark(StartMark& mark) {
  mark.latest.store(ticks_since_boot(), std::memory_order_relaxed);
  mark.pid.store(static_cast<pid_t>(::syscall(SYS_getpid)), std::memory_order_release);
}

} // namespace upstart::supervisor
