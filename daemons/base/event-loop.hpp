// The loop that every process runs on: libuv behind RAII handles. Single-threaded; a handle may be made, changed and
// destroyed at any time, also from within its own callback. Handles must not outlive their loop.
#pragma once

#include <uv.h>

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace upstart::base {

class EventLoop {
public:
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  // Runs until `stop` is called or nothing is left to wait for.
  void run();
  void stop();
  // Handles what is due; waits for one event first if `wait`. For tests.
  void run_once(bool wait = true);
  // Calls `action` once, soon, from the loop itself and not from within the caller.
  void defer(std::function<void()> action);

  [[nodiscard]] uv_loop_t* raw() { return &loop_; }

private:
  void run_deferred();

  uv_loop_t loop_{};
  uv_idle_t* idle_;
  std::vector<std::function<void()>> deferred_;
};

namespace detail {
// libuv wants a handle's memory until its close callback; this deleter gives it that.
template <typename Handle> struct CloseHandle {
  void operator()(Handle* handle) const {
    handle->data = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete reinterpret_cast<Handle*>(closed); });
  }
};
template <typename Handle> using HandlePointer = std::unique_ptr<Handle, CloseHandle<Handle>>;
} // namespace detail

// Calls back once after a time, or again and again with `start_repeating`. Monotonic clock, milliseconds.
class Timer {
public:
  Timer(EventLoop& loop, std::function<void()> expired);
  // Counts from now; a running timer is set anew.
  void start(std::chrono::milliseconds after);
  void start_repeating(std::chrono::milliseconds every);
  void stop();
  [[nodiscard]] bool active() const;

private:
  detail::HandlePointer<uv_timer_t> handle_;
  std::unique_ptr<std::function<void()>> expired_;
};

// Watches a descriptor that somebody else owns; destroy the watcher before the descriptor is closed.
class FdWatcher {
public:
  enum Events : unsigned { readable = UV_READABLE, writable = UV_WRITABLE, hangup = UV_DISCONNECT };
  // `happened` gets the events seen; an error on the descriptor is told as readable | writable | hangup.
  FdWatcher(EventLoop& loop, int fd, std::function<void(unsigned)> happened);
  // What to wait for; 0 pauses.
  void watch(unsigned events);

private:
  detail::HandlePointer<uv_poll_t> handle_;
  unsigned watched_ = 0;
  std::unique_ptr<std::function<void(unsigned)>> happened_;
};

// Calls back in the loop when a signal has come.
class SignalWatcher {
public:
  SignalWatcher(EventLoop& loop, int signal, std::function<void()> arrived);

private:
  detail::HandlePointer<uv_signal_t> handle_;
  std::unique_ptr<std::function<void()>> arrived_;
};

// Calls back before the loop goes to wait, each time until it is paused.
class BeforeWaiting {
public:
  BeforeWaiting(EventLoop& loop, std::function<void()> action);
  void pause();
  void resume();

private:
  detail::HandlePointer<uv_prepare_t> handle_;
  std::unique_ptr<std::function<void()>> action_;
};

} // namespace upstart::base
