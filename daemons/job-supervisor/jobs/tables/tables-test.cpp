#include "daemons/job-supervisor/jobs/tables/callers.hpp"
#include "daemons/job-supervisor/jobs/tables/emissions.hpp"
#include "daemons/job-supervisor/jobs/tables/handled-events.hpp"
#include "daemons/job-supervisor/jobs/tables/job-records.hpp"

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

namespace {

struct Answered {
  std::vector<Outcome> outcomes;
  Reply reply() {
    return [this](Outcome outcome) { outcomes.push_back(std::move(outcome)); };
  }
};

} // namespace

TEST_CASE("whoever comes back with the token of a command that goes on waits in place of who gave it") {
  Callers callers;
  Answered lost, back;
  auto caller = callers.add({lost.reply(), "token"});
  auto reply = back.reply();
  REQUIRE(callers.resume("token", reply));
  callers.decide(caller, "path", MonotonicTime{0});
  callers.answer(caller, "path");
  CHECK(lost.outcomes.empty());
  CHECK(back.outcomes == std::vector<Outcome>{"path"});
}

TEST_CASE("whoever comes back with the token of a command that has been answered is told the same") {
  Callers callers;
  Answered lost, back;
  auto failed = std::unexpected(CommandError{"name", "message"});
  auto caller = callers.add({lost.reply(), "token"});
  callers.decide(caller, failed, MonotonicTime{0});
  auto reply = back.reply();
  REQUIRE(callers.resume("token", reply));
  CHECK(back.outcomes == std::vector<Outcome>{failed});
}

TEST_CASE("a token that is not known is left to be given") {
  Callers callers;
  Answered client;
  auto reply = client.reply();
  CHECK_FALSE(callers.resume("token", reply));
  CHECK_FALSE(callers.resume("", reply));
  CHECK(reply);
}

TEST_CASE("outcomes are remembered for a time, and not too many of them") {
  Callers callers;
  Answered client;
  auto give = [&](const std::string& token, MonotonicTime now) {
    callers.decide(callers.add({client.reply(), token}), "path", now);
  };
  give("first", MonotonicTime{0});
  give("second", Callers::remembered);
  CHECK(callers.commands().contains("first"));
  give("third", Callers::remembered + MonotonicTime{1});
  CHECK_FALSE(callers.commands().contains("first"));
  CHECK(callers.commands().contains("second"));
  for (std::size_t i = 0; i < Callers::most_answered; ++i) give(std::to_string(i), Callers::remembered);
  CHECK(callers.commands().size() == Callers::most_answered);
  CHECK_FALSE(callers.commands().contains("third"));
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

TEST_CASE("what happens to a job again and again is one record that counts, and the oldest records go first") {
  JobRecords records;
  for (int i = 0; i < 5; ++i)
    records.add(RecordKind::respawned, "",
                upstart::base::Shared<std::string>{"main process terminated with status 4; it is respawned"});
  REQUIRE(records.all().size() == 1);
  CHECK(records.all()[0].times == 5);
  for (int i = 0; i < 40; ++i)
    records.add(RecordKind::started, "eth0", upstart::base::Shared{"started by the event `" + std::to_string(i) + "'"});
  CHECK(records.all().size() == JobRecords::most);
  CHECK(*records.all().back().text == "started by the event `39'");
  CHECK(JobRecords::of_bytes(records.to_bytes()) == records);
  CHECK_FALSE(JobRecords::of_bytes("nonsense"));
}
