// A complaint that waits: what is wrong with a connection is told when it has been so for some seconds, and then once; not at
// all where it is mended by then. The daemons start and end in no order, so a connection that is not there yet, or not any
// more, says nothing by itself.
#pragma once

#include "protocol/event-loop.hpp"

#include <string>

namespace upstart::protocol {

class Complaint {
public:
  Complaint(EventLoop& loop, std::function<void(const std::string& why)> tell, std::chrono::milliseconds patience = std::chrono::seconds{3})
      : timer_{loop, [this] { tell_now(); }}, tell_{std::move(tell)}, patience_{patience} {}
  Complaint(const Complaint&) = delete;
  Complaint& operator=(const Complaint&) = delete;

  // It does not work, newly or still.
  void wrong(const std::string& why) {
    why_ = why;
    if (!told_ && !timer_.active()) timer_.start(patience_);
  }
  void mended() {
    timer_.stop();
    told_ = false;
  }

private:
  void tell_now() {
    told_ = true;
    tell_(why_);
  }

  Timer timer_;
  std::function<void(const std::string&)> tell_;
  std::chrono::milliseconds patience_;
  std::string why_;
  bool told_ = false;
};

} // namespace upstart::protocol
