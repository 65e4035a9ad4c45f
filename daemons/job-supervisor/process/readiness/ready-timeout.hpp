// The timeout of a process that is to raise a signal or send a message and does not: at first a warning, in the end it
// is taken as ready.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/job-supervisor/process/readiness/idle-time.hpp"

#include <cstdint>
#include <functional>

namespace upstart::supervisor {

enum class ReadyTimeoutStep { wait, warn, accept };

// What to do about it. Pure. Warns once.
class ReadyTimeout {
public:
  using Time = IdleTime::Time;

  explicit ReadyTimeout(const ReadyTimeouts& timeouts) : timeouts_{timeouts}, idle_time_{timeouts.longest_gap} {}
  // Starts the timeout, also again: after any other message.
  void begin(Time now) { idle_time_.begin(now); }
  ReadyTimeoutStep looked_at(Time now, const Look& look);

private:
  ReadyTimeouts timeouts_;
  IdleTime idle_time_;
  bool warned_ = false;
};

// Looks at the process at intervals, warns, and accepts it. `accept` may destroy this.
class ReadyTimeoutWatch {
public:
  struct Calls {
    std::function<pid_t()> process;
    std::function<void()> warn, accept;
  };
  ReadyTimeoutWatch(base::EventLoop& loop, const ReadyTimeouts& timeouts, Calls calls);
  void begin();
  // It has sent another message: a process that speaks the protocol is going to say that it is ready, too.
  void restart();
  // It is not warned of, nor accepted, before this time has passed.
  void extend(std::chrono::milliseconds by);
  void end() { timer_.stop(); }

private:
  void look();

  Calls calls_;
  ReadyTimeout ready_timeout_;
  std::chrono::milliseconds look_every_;
  ReadyTimeout::Time extended_until_{0};
  base::Timer timer_;
};

} // namespace upstart::supervisor
