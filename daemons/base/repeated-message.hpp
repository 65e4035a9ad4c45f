// A message that may come very often: it is given at once, and then at most once a minute, as the last one with how
// many there were. Costs a wake-up only while messages come.
#pragma once

#include "daemons/base/event-loop.hpp"

#include <string>
#include <utility>

namespace upstart::base {

class RepeatedMessage {
public:
  RepeatedMessage(EventLoop& loop, std::function<void(const std::string&)> give,
                  std::chrono::milliseconds pause = std::chrono::minutes{1})
      : timer_{loop, [this] { give_held(); }}, give_{std::move(give)}, pause_{pause} {}
  RepeatedMessage(const RepeatedMessage&) = delete;
  RepeatedMessage& operator=(const RepeatedMessage&) = delete;

  void tell(std::string text) {
    if (timer_.active()) {
      last_ = std::move(text);
      ++held_;
      return;
    }
    timer_.start(pause_);
    give_(text);
  }

private:
  void give_held() {
    auto count = std::exchange(held_, 0);
    if (count == 0) return;
    timer_.start(pause_);
    give_(count == 1 ? last_
                     : last_ + " (and " + std::to_string(count - 1) + " more like this since the last message)");
  }

  Timer timer_;
  std::function<void(const std::string&)> give_;
  std::chrono::milliseconds pause_;
  std::string last_;
  std::size_t held_ = 0;
};

} // namespace upstart::base
