// A child that runs in the supervisor's memory until it has executed its program. The supervisor waits for that, but
// not for long: a program may lie on a mount that hangs. Then the child goes on beside the supervisor, and all that it
// uses (its stack, its plan, where it leaves its failure) stays here until the kernel says that it has left this
// memory.
#pragma once

#include "daemons/job-supervisor/process/spawn/child.hpp"

#include <atomic>
#include <cstdint>
#include <memory>

namespace upstart::supervisor {

class SharedStart {
public:
  static constexpr std::size_t stack_size = 256 * 1024;

  SharedStart();
  ~SharedStart();
  SharedStart(const SharedStart&) = delete;
  SharedStart& operator=(const SharedStart&) = delete;

  // One that is free; null when there is no memory for its stack.
  [[nodiscard]] static std::unique_ptr<SharedStart> take();
  // Gives it back: for the next child, or for when its own has left.
  static void give_back(std::unique_ptr<SharedStart> one);

  // Before each child.
  void begin(std::unique_ptr<SpawnPlan> plan);
  [[nodiscard]] SpawnPlan& plan() { return *plan_; }
  [[nodiscard]] std::unique_ptr<SpawnPlan> take_plan() { return std::move(plan_); }
  // In the child.
  [[noreturn]] void run();
  // Waits until the child has executed or ended, or is held up in its execution. False when it is held up.
  [[nodiscard]] bool wait();
  // The child uses nothing of this any more.
  [[nodiscard]] bool finished() const { return child_.load(std::memory_order_acquire) == 0; }
  // There is no child.
  void set_finished() { child_ = 0; }
  // Why it could not execute; no error where it could. Once it has finished.
  [[nodiscard]] const ChildFailure& failure() const { return failure_; }

  [[nodiscard]] void* stack() const { return stack_; }
  // What the kernel clears when the child executes or ends.
  [[nodiscard]] std::uintptr_t child_word() { return reinterpret_cast<std::uintptr_t>(&child_); }

private:
  void set_held_up(bool is);

  void* stack_;
  std::unique_ptr<SpawnPlan> plan_;
  ChildFailure failure_;
  bool held_up_ = false;
  std::atomic<bool> at_exec_ = false;
  std::atomic<std::uint32_t> child_ = 0;
};

} // namespace upstart::supervisor
