// A process that should say something, by a signal or a word, and does not. First its silence is worth a warning, and
// at last it is accepted as it is.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/job-supervisor/process/readiness/idle-time.hpp"

#include <cstdint>
#include <functional>

namespace upstart::supervisor {

enum class SilenceStep { wait, warn, accept };

// What is to be done about it. Pure.
class Silence {
public:
  using Time = Settling::Time;

  explicit Silence(const SilenceTimes& times) : times_{times} {}
  // From now on it is waited for; also after it has said something else.
  void begin(Time now) { settling_.begin(now); }
  SilenceStep looked_at(Time now, const std::string& activity);

private:
  SilenceTimes times_;
  Settling settling_;
  bool warned_ = false;
};

// Looks at the process until something is to be done.
class SilenceWatch {
public:
  struct Calls {
    std::function<pid_t()> process;
    std::function<void()> warn, accept;
  };
  SilenceWatch(base::EventLoop& loop, const SilenceTimes& times, Calls calls);
  void begin();
  // It has said something else: whoever speaks is going to say that it is ready, too.
  void word();
  void end() { timer_.stop(); }

private:
  void look();

  Calls calls_;
  Silence silence_;
  std::chrono::milliseconds look_every_;
  base::Timer timer_;
};

} // namespace upstart::supervisor
