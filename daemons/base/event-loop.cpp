#include "daemons/base/event-loop.hpp"

#include "daemons/base/activity.hpp"
#include "daemons/base/guards/input-count.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace upstart::base {

namespace {

void check(int result, const char* what) {
  if (result < 0) throw std::runtime_error(std::string{what} + ": " + uv_strerror(result));
}

} // namespace

EventLoop::EventLoop() : idle_{new uv_idle_t{}} {
  check(uv_loop_init(&loop_), "event loop");
  uv_idle_init(&loop_, idle_);
  idle_->data = this;
}

EventLoop::~EventLoop() {
  deferred_.clear();
  detail::CloseHandle<uv_idle_t>{}(idle_);
  while (uv_loop_close(&loop_) == UV_EBUSY) {
    uv_walk(
        &loop_,
        [](uv_handle_t* handle, void*) {
          if (!uv_is_closing(handle)) uv_close(handle, nullptr);
        },
        nullptr);
    uv_run(&loop_, UV_RUN_NOWAIT);
  }
}

void EventLoop::run() { uv_run(&loop_, UV_RUN_DEFAULT); }
void EventLoop::stop() { uv_stop(&loop_); }
void EventLoop::run_once(bool wait) { uv_run(&loop_, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT); }

void EventLoop::defer(std::function<void()> action) {
  deferred_.push_back(std::move(action));
  uv_idle_start(idle_, [](uv_idle_t* idle) { static_cast<EventLoop*>(idle->data)->run_deferred(); });
}

void EventLoop::run_deferred() {
  auto actions = std::exchange(deferred_, {});
  uv_idle_stop(idle_);
  for (auto& action : actions) action();
}

Timer::Timer(EventLoop& loop, std::function<void()> expired)
    : handle_{new uv_timer_t{}}, expired_{std::make_unique<std::function<void()>>(std::move(expired))} {
  uv_timer_init(loop.raw(), handle_.get());
  handle_->data = expired_.get();
}

namespace {
// The callback is copied: it may destroy its own handle.
template <typename Handle> void call_back(Handle* handle) {
  if (handle->data == nullptr) return;
  auto action = *static_cast<std::function<void()>*>(handle->data);
  action();
}

template <typename Handle> void call_back_actively(Handle* handle) {
  InputCount::note();
  Activity::note(handle->loop);
  call_back(handle);
}
} // namespace

void Timer::start(std::chrono::milliseconds after) {
  uv_update_time(handle_->loop);
  uv_timer_start(handle_.get(), call_back_actively<uv_timer_t>,
                 static_cast<std::uint64_t>(std::max<std::int64_t>(after.count(), 0)), 0);
}

void Timer::start_repeating(std::chrono::milliseconds every) {
  uv_update_time(handle_->loop);
  auto period = static_cast<std::uint64_t>(std::max<std::int64_t>(every.count(), 1));
  uv_timer_start(handle_.get(), call_back_actively<uv_timer_t>, period, period);
}

void Timer::stop() { uv_timer_stop(handle_.get()); }
bool Timer::active() const { return uv_is_active(reinterpret_cast<const uv_handle_t*>(handle_.get())) != 0; }

FdWatcher::FdWatcher(EventLoop& loop, int fd, std::function<void(unsigned)> happened)
    : handle_{new uv_poll_t{}}, happened_{std::make_unique<std::function<void(unsigned)>>(std::move(happened))} {
  int result = uv_poll_init(loop.raw(), handle_.get(), fd);
  if (result < 0) {
    delete handle_.release(); // never initialised: nothing to close
    check(result, "watching a descriptor");
  }
  handle_->data = happened_.get();
}

void FdWatcher::watch(unsigned events) {
  // libuv stops a handle by itself when its descriptor has an error, such as a reset by the other end: whoever reads on
  // what had come before is to be called again.
  bool stopped = events != 0 && uv_is_active(reinterpret_cast<uv_handle_t*>(handle_.get())) == 0;
  if (events == watched_ && !stopped) return;
  watched_ = events;
  if (events == 0) {
    uv_poll_stop(handle_.get());
    return;
  }
  check(uv_poll_start(handle_.get(), static_cast<int>(events),
                      [](uv_poll_t* handle, int status, int seen) {
                        if (handle->data == nullptr) return;
                        InputCount::note();
                        Activity::note(handle->loop);
                        auto action = *static_cast<std::function<void(unsigned)>*>(handle->data);
                        action(status < 0 ? readable | writable | hangup : static_cast<unsigned>(seen));
                      }),
        "watching a descriptor");
}

SignalWatcher::SignalWatcher(EventLoop& loop, int signal, std::function<void()> arrived)
    : handle_{new uv_signal_t{}}, arrived_{std::make_unique<std::function<void()>>(std::move(arrived))} {
  uv_signal_init(loop.raw(), handle_.get());
  handle_->data = arrived_.get();
  check(uv_signal_start(
            handle_.get(), [](uv_signal_t* handle, int) { call_back_actively(handle); }, signal),
        "watching a signal");
}

BeforeWaiting::BeforeWaiting(EventLoop& loop, std::function<void()> action)
    : handle_{new uv_prepare_t{}}, action_{std::make_unique<std::function<void()>>(std::move(action))} {
  uv_prepare_init(loop.raw(), handle_.get());
  handle_->data = action_.get();
  resume();
}

void BeforeWaiting::pause() { uv_prepare_stop(handle_.get()); }
void BeforeWaiting::resume() { uv_prepare_start(handle_.get(), call_back<uv_prepare_t>); }

} // namespace upstart::base
