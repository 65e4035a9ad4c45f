// The timeouts of `expect`: how long the supervisor waits for a main process that does not become ready as its stanza
// says. Nothing waits for ever: when a timeout has passed, the process is taken as ready, with a warning.
#pragma once

#include <chrono>

namespace upstart::supervisor {

// When a process has settled: it was idle (it used no processor time and made no processes) for `idle`, or it was
// watched for `total`, whatever it did.
struct SettleTime {
  std::chrono::milliseconds idle;
  std::chrono::milliseconds total;
};

// `expect fork` and `expect daemon`.
struct ForkTimeouts {
  SettleTime before_fork{std::chrono::seconds{3}, std::chrono::seconds{15}};
  // The first process may wait until its child is ready.
  SettleTime parent_beside_child{std::chrono::seconds{10}, std::chrono::seconds{15}};
  // After its last fork it is ready once it rests: one that forks more often than its stanza says does so at once.
  std::chrono::milliseconds longest_unrest{200};
  // It may do so later, too.
  SettleTime after_ready{std::chrono::milliseconds{500}, std::chrono::seconds{5}};
  // So long after its last fork it may fork once more, even when it has settled.
  std::chrono::milliseconds grace_period{std::chrono::seconds{30}};
  // Of the time between two looks no more counts as idle (idle-time.hpp); a look comes every 100 ms.
  std::chrono::milliseconds longest_gap{500};
};

// `expect stop`, `readyfd` and `notify`, which wait for a signal or a message.
struct ReadyTimeouts {
  std::chrono::milliseconds idle_before_warning;
  SettleTime acceptance;
  std::chrono::milliseconds longest_gap{std::chrono::seconds{3}}; // as above; a look comes every second at least
  std::chrono::milliseconds total_before_warning{std::chrono::seconds{15}}; // whatever it does
};

struct ExpectTimeouts {
  ForkTimeouts forks{};
  ReadyTimeouts stop{std::chrono::seconds{10}, {std::chrono::seconds{30}, std::chrono::seconds{90}}};
  ReadyTimeouts message{std::chrono::seconds{10}, {std::chrono::seconds{90}, std::chrono::seconds{90}}};
};

} // namespace upstart::supervisor
