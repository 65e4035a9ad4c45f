#include "clients/system-v/other-init.hpp"

#include <doctest/doctest.h>

using namespace upstart::client;

TEST_CASE("a runlevel is a signal to systemd") {
  CHECK(systemd_signal_for('6', {}) == 5);
  CHECK(systemd_signal_for('0', {}) == 4);
  CHECK(systemd_signal_for('0', {"INIT_HALT=POWEROFF"}) == 4);
  CHECK(systemd_signal_for('0', {"INIT_HALT=HALT"}) == 3);
  CHECK(systemd_signal_for('1', {}) == 1);
  CHECK(systemd_signal_for('S', {}) == 1);
  CHECK(systemd_signal_for('3', {}) == 0);
}
