#include "clients/initctl/history/past-event.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace upstart::client;

TEST_CASE("a value of an event neither acts on the terminal nor breaks its line; as JSON it is what it is") {
  PastEvent event{.id = 7,
                  .name = "esc\x1b[32m",
                  .environment = {"A=one\ntwo"},
                  .time = {},
                  .uid = 0,
                  .pid = 0,
                  .handlers = {},
                  .done = {},
                  .blocked = {},
                  .outcome = "finished"};
  CHECK(to_text(event).contains(" #7 esc\\x1b[32m A=one\\x0atwo\n"));
  CHECK(to_json(event)["name"] == "esc\x1b[32m");
  CHECK(to_json(event)["env"][0] == "A=one\ntwo");
}
