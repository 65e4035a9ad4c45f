#include "daemons/bridge/conditions/condition-store.hpp"

#include <doctest/doctest.h>

using namespace upstart::bridge;

namespace {

const Expression on_file{{"file", "FILE=/a"}};
const Expression on_both{{"file", "FILE=/a"}, {"startup"}, {"/AND"}, {"timer", "EVERY=1h"}, {"/OR"}};

Match starts(const char* event, const char* argument) { return {event, {argument}, true}; }
Match stops(const char* event, const char* argument) { return {event, {argument}, false}; }

// A store of the event `file` that knows job `a` and has handed that back.
ConditionStore store_with_a(unsigned active = 0) {
  ConditionStore store{{"file"}};
  store.take_all("file", {{"a", on_file, {}, active}});
  REQUIRE(store.take_update());
  return store;
}

} // namespace

TEST_CASE("the first update has every job with its matches of the event, and only those") {
  ConditionStore store{{"file"}};
  store.take_all("file", {{"a", on_both, {{"file", "FILE=/b"}}, 2}, {"b", {}, on_file, 0}});
  auto update = store.take_update();
  REQUIRE(update);
  CHECK(update->changed == std::vector<JobConditions>{{"a", {starts("file", "FILE=/a"), stops("file", "FILE=/b")}},
                                                      {"b", {stops("file", "FILE=/a")}}});
  CHECK(update->activity == std::vector<JobActivity>{{"a", 2}});
  CHECK(update->gone.empty());
  CHECK_FALSE(store.take_update());
}

TEST_CASE("that no job asks for anything is an update too, the first time") {
  ConditionStore store{{"file"}};
  CHECK_FALSE(store.take_update());
  store.take_all("file", {});
  CHECK(store.take_update() == ConditionsUpdate{});
  CHECK_FALSE(store.take_update());
}

TEST_CASE("changes of many jobs are one update") {
  auto store = store_with_a();
  store.take_change("file", "b", on_file, {});
  store.take_change("file", "a", {}, {});
  store.take_change("file", "b", {{"file", "FILE=/b"}}, {});
  auto update = store.take_update();
  REQUIRE(update);
  CHECK(update->changed == std::vector<JobConditions>{{"b", {starts("file", "FILE=/b")}}});
  CHECK(update->gone == std::vector<std::string>{"a"});
}

TEST_CASE("a job that still names other events but not this one is gone") {
  auto store = store_with_a();
  store.take_change("file", "a", {{"startup"}}, {});
  CHECK(store.take_update()->gone == std::vector<std::string>{"a"});
}

TEST_CASE("a job's activity is an update when it changes, and nothing when it does not or nobody knows the job") {
  auto store = store_with_a(1);
  store.take_activity("a", 1);
  store.take_activity("stranger", 1);
  CHECK_FALSE(store.take_update());
  store.take_activity("a", 0);
  CHECK(store.take_update()->activity == std::vector<JobActivity>{{"a", 0}});
}

TEST_CASE("a supervisor that is back and says the same changes nothing; what differs is the update") {
  auto store = store_with_a(1);
  store.take_all("file", {{"a", on_file, {}, 1}});
  CHECK_FALSE(store.take_update());
  store.take_all("file", {{"a", on_file, {}, 0}, {"b", on_file, {}, 0}});
  auto update = store.take_update();
  REQUIRE(update);
  CHECK(update->changed == std::vector<JobConditions>{{"b", {starts("file", "FILE=/a")}}});
  CHECK(update->activity == std::vector<JobActivity>{{"a", 0}});
  store.take_all("file", {});
  CHECK(store.take_update()->gone == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a bridge of several events waits until all are known, and a job has the matches of all of them") {
  ConditionStore store{{"file", "timer"}};
  store.take_all("file", {{"a", on_both, {}, 0}});
  CHECK_FALSE(store.take_update());
  store.take_all("timer", {{"a", on_both, {}, 0}});
  CHECK(store.take_update()->changed ==
        std::vector<JobConditions>{{"a", {starts("file", "FILE=/a"), starts("timer", "EVERY=1h")}}});
  store.take_change("timer", "a", {}, {});
  CHECK(store.take_update()->changed == std::vector<JobConditions>{{"a", {starts("file", "FILE=/a")}}});
}

TEST_CASE("a job that is gone and comes back in the same moment is an update with what it has now") {
  auto store = store_with_a(1);
  store.take_change("file", "a", {}, {});
  store.take_change("file", "a", on_file, {});
  store.take_activity("a", 1);
  auto update = store.take_update();
  REQUIRE(update);
  CHECK(update->changed.size() == 1);
  CHECK(update->activity == std::vector<JobActivity>{{"a", 1}});
}

TEST_CASE("a pattern of events is watched as one, and each match has the name that the job gives") {
  ConditionStore store{{"*-device-*"}};
  store.take_all("*-device-*",
                 {{"a", {{"net-device-added"}}, {{"startup"}, {"net-device-removed", "X=$X"}, {"/OR"}}, 0}});
  CHECK(store.take_update()->changed ==
        std::vector<JobConditions>{{"a", {{"net-device-added", {}, true}, {"net-device-removed", {"X=$X"}, false}}}});
  store.take_change("*-device-*", "a", {}, {});
  CHECK(store.take_update()->gone == std::vector<std::string>{"a"});
}
