#include "daemons/job-supervisor/jobs/tables/callers.hpp"
#include "daemons/job-supervisor/jobs/tables/emissions.hpp"
#include "daemons/job-supervisor/jobs/tables/handled-events.hpp"

#include <doctest/doctest.h>

using namespace upstart::supervisor;

TEST_CASE("a handled event is finished when the last who blocks it releases it, and failed if one of them failed") {
  HandledEvents events;
  events.add(7, {.name = "go"});
  events.block(7);
  events.block(7);
  CHECK_FALSE(events.unblock(7, false));
  events.note(7, {.operation = "start", .job = "web", .instance = ""});
  CHECK_FALSE(events.unblock(7, true));
  auto finished = events.unblock(7, false);
  REQUIRE(finished);
  CHECK(finished->failed);
  CHECK(finished->actions.size() == 1);
  CHECK_FALSE(events.contains(7));
  CHECK_FALSE(events.unblock(7, false)); // nobody blocks it any more
}

TEST_CASE("each descriptor of each handled event has an id of its own") {
  HandledEvents events;
  auto file = std::make_shared<upstart::base::FileDescriptor>();
  events.add(1, {.name = "socket", .files = {file, file}});
  events.add(2, {.name = "socket", .files = {file}});
  CHECK(events.at(1).files == std::vector<FileId>{1, 2});
  CHECK(events.at(2).files == std::vector<FileId>{3});
}

TEST_CASE("a caller is answered once") {
  Callers callers;
  int answers = 0;
  auto caller = callers.add([&](const Outcome& outcome) {
    CHECK(outcome == "path");
    ++answers;
  });
  callers.answer(caller, "path");
  callers.answer(caller, "again");
  callers.answer(caller + 1, "nobody");
  CHECK(answers == 1);
  CHECK(callers.size() == 0);
}

TEST_CASE("an emission is there until it is taken, with who waits for it") {
  Emissions emissions;
  auto id = emissions.add({.event = {.name = "starting"}, .waits = waits::ForJob{.job = 3, .ticket = 1}});
  REQUIRE(emissions.find(id) != nullptr);
  auto taken = emissions.take(id);
  REQUIRE(taken);
  CHECK(std::get<waits::ForJob>(taken->waits).job == 3);
  CHECK(emissions.find(id) == nullptr);
  CHECK_FALSE(emissions.take(id));
}
