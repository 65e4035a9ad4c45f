#include "daemons/job-supervisor/process/readiness/ready-timeout.hpp"

#include <doctest/doctest.h>

using namespace upstart::supervisor;
using namespace std::chrono_literals;

namespace {
ReadyTimeouts looked_at_seldom(ReadyTimeouts timeouts) {
  timeouts.longest_gap = 1h;
  return timeouts;
}
} // namespace

TEST_CASE("a process that sends nothing is warned of once and taken as ready in the end, and each message starts the "
          "timeout again") {
  ReadyTimeout timeout{looked_at_seldom(ExpectTimeouts{}.message)};
  timeout.begin(0s);
  CHECK(timeout.looked_at(0s, {"1"}) == ReadyTimeoutStep::wait);
  CHECK(timeout.looked_at(9s, {"1"}) == ReadyTimeoutStep::wait);
  CHECK(timeout.looked_at(10s, {"1"}) == ReadyTimeoutStep::warn);
  CHECK(timeout.looked_at(50s, {"1"}) == ReadyTimeoutStep::wait);
  CHECK(timeout.looked_at(89s, {"2"}) == ReadyTimeoutStep::wait);
  timeout.begin(89s);
  CHECK(timeout.looked_at(178s, {"2"}) == ReadyTimeoutStep::wait);
  CHECK(timeout.looked_at(179s, {"3"}) == ReadyTimeoutStep::accept);
}

TEST_CASE("a process that is to stop itself is taken as ready after half a minute of idle time") {
  ReadyTimeout timeout{looked_at_seldom(ExpectTimeouts{}.stop)};
  timeout.begin(0s);
  CHECK(timeout.looked_at(5s, {"1"}) == ReadyTimeoutStep::wait);
  CHECK(timeout.looked_at(15s, {"1"}) == ReadyTimeoutStep::warn);
  CHECK(timeout.looked_at(34s, {"1"}) == ReadyTimeoutStep::wait);
  CHECK(timeout.looked_at(35s, {"1"}) == ReadyTimeoutStep::accept);
}

TEST_CASE("a process that is never idle is warned of as well") {
  ReadyTimeout timeout{looked_at_seldom(ExpectTimeouts{}.stop)};
  timeout.begin(0s);
  for (auto second = 1s; second < 15s; ++second)
    CHECK(timeout.looked_at(second, {std::to_string(second.count())}) == ReadyTimeoutStep::wait);
  CHECK(timeout.looked_at(15s, {"15"}) == ReadyTimeoutStep::warn);
  CHECK(timeout.looked_at(16s, {"16"}) == ReadyTimeoutStep::wait);
  CHECK(timeout.looked_at(90s, {"90"}) == ReadyTimeoutStep::accept);
}
