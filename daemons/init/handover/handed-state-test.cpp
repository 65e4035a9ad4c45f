#include "daemons/init/handover/handed-state.hpp"

#include <doctest/doctest.h>

using namespace upstart::init;

namespace {

HandedState some_state() {
  return {.version = "1.0",
          .directory = "/run/upstart",
          .lock = 3,
          .goes_on = true,
          .private_address = "unix:abstract=/com/ubuntu/upstart",
          .notify_socket = 4,
          .session_file = "/run/x.session",
          .open_files = 1024,
          .daemons = {{.program = "upstart-event-broker",
                       .pid = 7,
                       .ready = true,
                       .was_ready = true,
                       .sockets = {{"event-broker", 5}},
                       .kept = {{"a", 6}, {"a", 8}}},
                      {.program = "dbus-daemon"}},
          .exits = {{.pid = 9, .status = 256, .start_ticks = 10, .session = 11, .reaped_ns = 12}},
          .exits_forgotten = 13,
          .command = 14};
}

} // namespace

TEST_CASE("a state comes back from its text as it was") {
  auto parsed = parse_state(to_text(some_state()));
  REQUIRE(parsed);
  CHECK(*parsed == some_state());
}

TEST_CASE("paths and names that are no UTF-8 come back byte for byte, and others as they are") {
  auto state = some_state();
  state.directory = "/run/\xff\xfe/\xc3\xa9";
  state.session_file = "/run/caf\xc3\xa9";
  state.daemons.front().kept.front().name = "log/\xe9";
  auto parsed = parse_state(to_text(state));
  REQUIRE(parsed);
  CHECK(*parsed == state);
}

TEST_CASE("every descriptor of a state is known, whoever keeps it") {
  CHECK(descriptors_of(some_state()) == std::vector<int>{3, 4, 5, 6, 8});
}

TEST_CASE("a state of another format, a torn one and an empty one are refused, with the reason") {
  auto other = some_state();
  other.format = 99;
  CHECK(parse_state(to_text(other)).error().contains("format 99"));
  auto text = to_text(some_state());
  CHECK(parse_state(text.substr(0, text.size() / 2)).error().contains("cannot be read"));
  CHECK(parse_state("").error().contains("cannot be read"));
  CHECK(parse_state("{\"format\": 1}").error().contains("cannot be read"));
}
