// The first start waits until the socket bridge has offered the sockets that jobs name, so that a job which the startup
// event starts, or another one, has its sockets like any later: events that the broker gives meanwhile are held, in
// their order, and the supervisor is ready only then; of one that was ready before its files were read, clients' starts
// are held as well. A bridge that does not come is waited for `longest`. Nothing is
// lost if the supervisor dies meanwhile: the broker gives what was not finished to the next one.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/job-supervisor/jobs/jobs.hpp"

#include <chrono>
#include <functional>
#include <utility>
#include <vector>

namespace upstart::supervisor {

class SocketWait {
public:
  static constexpr std::chrono::milliseconds longest{3'000};

  // `over` is called once, from the loop, when the sockets are there (`in_time`), or when that took too long; what was
  // held is handled after it.
  SocketWait(base::EventLoop& loop, Jobs& jobs, std::function<void(bool in_time)> over)
      : jobs_{jobs}, over_{std::move(over)}, limit_{loop, [this] { end(false); }} {}

  void begin() {
    waits_ = true;
    limit_.start(longest);
  }
  // An event of the broker: handled now, or after the wait.
  void handle(EventId id, Event event) {
    if (waits_) held_.emplace_back(id, std::move(event));
    else jobs_.handle(id, std::move(event));
  }
  void sockets_offered() { end(true); }
  [[nodiscard]] bool waits() const { return waits_; }

private:
  void end(bool in_time) {
    if (!std::exchange(waits_, false)) return;
    limit_.stop();
    over_(in_time);
    for (auto& [id, event] : std::exchange(held_, {})) jobs_.handle(id, std::move(event));
  }

  Jobs& jobs_;
  std::function<void(bool)> over_;
  base::Timer limit_;
  bool waits_ = false;
  std::vector<std::pair<EventId, Event>> held_;
};

} // namespace upstart::supervisor
