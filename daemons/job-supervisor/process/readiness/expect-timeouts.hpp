// How long a main process is waited for that does not show itself ready as its `expect` says. Quiet: it uses no
// processor time and makes no processes.
#pragma once

#include <chrono>

namespace upstart::supervisor {

struct Patience {
  std::chrono::milliseconds quiet; // doing nothing for so long
  std::chrono::milliseconds most;  // whatever it does
};

// `expect fork` and `expect daemon`.
struct ForkTimes {
  Patience before_a_fork{std::chrono::seconds{3}, std::chrono::seconds{15}};
  Patience beside_its_child{std::chrono::seconds{10},
                            std::chrono::seconds{15}}; // the first process may wait for it to be ready
  Patience when_ready{std::chrono::milliseconds{500}, std::chrono::seconds{5}}; // it may fork more often than it should
  std::chrono::milliseconds youth{std::chrono::seconds{30}}; // so long it may do so even after a rest
};

// `expect stop`, `readyfd` and `notify`: a signal or a word that does not come.
struct SilenceTimes {
  std::chrono::milliseconds quiet_to_warning;
  Patience acceptance;
};

struct ExpectTimes {
  ForkTimes forks{};
  SilenceTimes stop{std::chrono::seconds{10}, {std::chrono::seconds{30}, std::chrono::seconds{90}}};
  SilenceTimes word{std::chrono::seconds{10}, {std::chrono::seconds{90}, std::chrono::seconds{90}}};
};

} // namespace upstart::supervisor
