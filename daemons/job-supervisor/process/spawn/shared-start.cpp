#include "daemons/job-supervisor/process/spawn/shared-start.hpp"

#include <algorithm>
#include <ctime>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace upstart::supervisor {

namespace {

// An execution takes less than a millisecond. When one is held up already, the next may lie on the same mount.
constexpr long longest_wait = 20'000'000, longest_beside_another = 2'000'000; // nanoseconds

std::unique_ptr<SharedStart> free_one;
std::vector<std::unique_ptr<SharedStart>> abandoned; // whose child has not left yet
int held_up = 0;

} // namespace

SharedStart::SharedStart()
    : stack_{::mmap(nullptr, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)} {
  if (stack_ == MAP_FAILED) stack_ = nullptr;
}

SharedStart::~SharedStart() {
  set_held_up(false);
  if (stack_ != nullptr) ::munmap(stack_, stack_size);
}

std::unique_ptr<SharedStart> SharedStart::take() {
  std::erase_if(abandoned, [](const auto& one) { return one->finished(); });
  auto one = free_one ? std::move(free_one) : std::make_unique<SharedStart>();
  return one->stack() != nullptr ? std::move(one) : nullptr;
}

void SharedStart::give_back(std::unique_ptr<SharedStart> one) {
  if (!one->finished()) {
    abandoned.push_back(std::move(one));
    return;
  }
  one->set_held_up(false);
  one->plan_.reset();
  free_one = std::move(one);
}

void SharedStart::set_held_up(bool is) {
  if (std::exchange(held_up_, is) != is) held_up += is ? 1 : -1;
}

void SharedStart::begin(std::unique_ptr<SpawnPlan> plan) {
  plan_ = std::move(plan);
  failure_ = {};
  at_exec_ = false;
  child_ = 1;
}

[[gnu::no_sanitize_address]] void SharedStart::run() { run_child(*plan_, failure_, &at_exec_); }

// The child has this thread's memory, and with it the frames that the sanitizer keeps for the thread: two that take of
// them at once may get the same one. So nothing that runs beside the child takes any.
[[gnu::no_sanitize_address]] bool SharedStart::wait() {
  while (!finished()) {
    timespec limit{0, held_up > 0 ? longest_beside_another : longest_wait};
    long woken = ::syscall(SYS_futex, &child_, FUTEX_WAIT, 1, &limit, nullptr, 0);
    if (woken == 0 || finished() || !at_exec_.load(std::memory_order_acquire)) continue;
    set_held_up(true);
    return false;
  }
  return true;
}

} // namespace upstart::supervisor
