// Whether anything happens on a loop: every call of a timer, of a descriptor's watcher or of a signal's is activity.
// Whoever wants to know keeps one of these and hangs it on the loop; the loop's handles note in it what they do.
#pragma once

#include <uv.h>

#include <functional>
#include <utility>

namespace upstart::base {

class Activity {
public:
  // `begins` is called right before the first activity since `take` was called last. One for each loop; must not
  // outlive it.
  Activity(uv_loop_t* loop, std::function<void()> begins) : loop_{loop}, begins_{std::move(begins)} {
    loop->data = this;
  }
  Activity(const Activity&) = delete;
  ~Activity() { loop_->data = nullptr; }

  // Whether there was any since this was called last.
  bool take() { return std::exchange(active_, false); }

  // For the handles of the loop.
  static void note(uv_loop_t* loop) {
    auto* self = static_cast<Activity*>(loop->data);
    if (self != nullptr && !std::exchange(self->active_, true)) self->begins_();
  }

private:
  uv_loop_t* loop_;
  std::function<void()> begins_;
  bool active_ = false;
};

} // namespace upstart::base
