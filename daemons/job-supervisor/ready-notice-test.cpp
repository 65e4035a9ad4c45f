#include "daemons/job-supervisor/ready-notice.hpp"

#include <doctest/doctest.h>

using namespace upstart;
using namespace upstart::supervisor;

namespace {

struct Scenario {
  base::EventLoop loop;
  int told = 0;
  ReadyNotice notice{loop, [this] {
                       ++told;
                       loop.stop();
                     }};
};

} // namespace

TEST_CASE("without a bus init hears of it at once, and once") {
  Scenario scenario;
  CHECK_FALSE(scenario.notice.is_ready());
  scenario.notice.ready();
  CHECK(scenario.told == 1);
  CHECK(scenario.notice.is_ready());
  scenario.notice.name_settled();
  scenario.notice.ready();
  CHECK(scenario.told == 1);
}

TEST_CASE("a supervisor that is ready before its name is waits for it") {
  Scenario scenario;
  scenario.notice.await_name();
  scenario.notice.ready();
  CHECK(scenario.notice.is_ready());
  CHECK(scenario.told == 0);
  scenario.notice.name_settled();
  CHECK(scenario.told == 1);
  scenario.notice.name_settled(); // the connection came back
  CHECK(scenario.told == 1);
}

TEST_CASE("a name that comes first tells nobody: the files may be unread") {
  Scenario scenario;
  scenario.notice.await_name();
  scenario.notice.name_settled();
  CHECK(scenario.told == 0);
  scenario.notice.ready();
  CHECK(scenario.told == 1);
}

TEST_CASE("a bus that does not answer is not waited for for ever") {
  Scenario scenario;
  scenario.notice.await_name();
  scenario.notice.ready();
  scenario.loop.run();
  CHECK(scenario.told == 1);
}
