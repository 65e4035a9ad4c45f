#include "daemons/job-supervisor/process/notify/notification.hpp"

#include <doctest/doctest.h>

using namespace upstart::supervisor;

TEST_CASE("a notification is lines of KEY=VALUE") {
  auto lines = parse_notification("READY=1\nnonsense\nSTATUS=a=b\n\nMAINPID=7");
  CHECK(lines.size() == 3);
  CHECK(lines.at("STATUS") == "a=b");
  CHECK(parse_notification("").empty());
}
