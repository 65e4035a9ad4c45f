#include "daemons/event-broker/values/change.hpp"

#include <doctest/doctest.h>

using namespace upstart::broker;

namespace {

std::vector<Change> one_of_each() {
  auto event = std::make_shared<const Event>(
      Event{.id = 5, .name = "n", .env = {"A=1", "B="}, .emitter = {1, 2}, .time = 6, .files = 7, .token = "1 t"});
  return {IdsReserved{1},
          HandlerAttached{"h", {"a", "b*"}},
          HandlerSubscribed{"h", {"x"}, {"y", ""}},
          HandlerForgotten{"h"},
          EventAccepted{event, {"h", "i"}},
          HandlerFinished{5, "h", true, {{"start", "x", "1"}}},
          EventEnded{5, true, EventAccepted{event, {}}},
          EventEnded{5, false, std::nullopt},
          FailuresForgotten{9},
          TokenRemembered{"1 t", 5}};
}

} // namespace

TEST_CASE("every kind of change is read back as it was written") {
  for (const auto& change : one_of_each()) {
    auto read = decode(encode(change));
    REQUIRE(read);
    CHECK(read->index() == change.index());
    CHECK(encode(*read) == encode(change));
  }
  auto accepted = std::get<EventAccepted>(*decode(encode(one_of_each()[4])));
  CHECK(*accepted.event == *std::get<EventAccepted>(one_of_each()[4]).event);
  CHECK(accepted.handlers == std::vector<std::string>{"h", "i"});
}

TEST_CASE("bytes that are no change are refused, whatever is wrong with them") {
  CHECK(decode("").error() == "a record ends too early");
  CHECK(decode("\x7f").error() == "a record of unknown kind 127");
  for (const auto& change : one_of_each()) {
    auto bytes = encode(change);
    CHECK(decode(bytes + "x").error() == "a record goes on after its end");
    for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(decode(bytes.substr(0, size)));
  }
}
