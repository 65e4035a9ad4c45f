#include "daemons/base/service-manager.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace upstart::base;

TEST_CASE("descriptors meant for another process are left alone") {
  ::setenv("LISTEN_FDS", "1", 1);
  ::setenv("LISTEN_PID", "1", 1);
  CHECK(inherited_descriptors().empty());
  ::unsetenv("LISTEN_FDS");
  ::unsetenv("LISTEN_PID");
}

TEST_CASE("without a manager a notification goes nowhere and does no harm") {
  ::unsetenv("NOTIFY_SOCKET");
  CHECK(notify_manager("READY=1"));
}
