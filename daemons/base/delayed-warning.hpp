// A warning about a connection that is held back: it is given once, when the connection has been failing for some
// seconds, and not at all if it recovers before. The daemons start and end in no order, so a connection that is missing
// for a moment is no news.
#pragma once

#include "daemons/base/event-loop.hpp"

#include <string>

namespace upstart::base {

class DelayedWarning {
public:
  DelayedWarning(EventLoop& loop, std::function<void(const std::string& why)> warn,
                 std::chrono::milliseconds delay = std::chrono::seconds{3})
      : timer_{loop, [this] { warn_now(); }}, warn_{std::move(warn)}, delay_{delay} {}
  DelayedWarning(const DelayedWarning&) = delete;
  DelayedWarning& operator=(const DelayedWarning&) = delete;

  // It does not work, newly or still. The last reason is the one that is given.
  void failing(const std::string& why) {
    why_ = why;
    if (!warned_ && !timer_.active()) timer_.start(delay_);
  }
  void recovered() {
    timer_.stop();
    warned_ = false;
  }

private:
  void warn_now() {
    warned_ = true;
    warn_(why_);
  }

  Timer timer_;
  std::function<void(const std::string&)> warn_;
  std::chrono::milliseconds delay_;
  std::string why_;
  bool warned_ = false;
};

} // namespace upstart::base
