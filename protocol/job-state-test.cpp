#include "protocol/job-state.hpp"

#include <doctest/doctest.h>

using namespace upstart::protocol;

namespace {

InstanceState full_instance() {
  return {.name = "eth0",
          .path = "/jobs/net/eth0",
          .goal = "start",
          .state = "post-start",
          .environment = {"A=1"},
          .processes = {{"main", 42}, {"post-start", 43}},
          .blocking = {{.id = 7, .name = "go", .environment = {"K=v"}}},
          .waiting_callers = 2,
          .status_text = "warming up",
          .ignored_failures = {"post-start process terminated with status 3"},
          .stop_on = {{.words = {"bye", "X=$NOPE"}, .unset = {{"NOPE"}}}},
          .failure = FailureState{.process = "main", .wait_status = 256}};
}

JobState full_job() {
  return {.name = "net",
          .description = "interfaces",
          .file = "/etc/init/net.conf",
          .instance = "$IF",
          .instance_needs = {"IF"},
          .start_on = {{.words = {"a", "IF=$IF"}, .expanded = {"a", "IF=eth0"}},
                       {.words = {"b"}, .held = EventReference{.id = 9, .name = "b", .environment = {}}},
                       {.words = {"/AND"}}},
          .spawn_failure = "main process: unable to execute: No such file or directory",
          .respawn_limit_end = 9,
          .warnings = {"has not forked"},
          .failures = {{.instance = "wlan0", .time = 17, .text = "main process terminated with status 4"}},
          .replaced_by_newer = true,
          .file_gone = true,
          .file_broken = "/etc/init/web.conf:3: Unknown stanza",
          .instances = {full_instance()}};
}

} // namespace

TEST_CASE("a job that is written as JSON and read again is the same, with all its members and with none") {
  CHECK(job_state_from_json(to_json(full_job())).value() == full_job());
  JobState empty{.name = "x", .instances = {InstanceState{.failure = FailureState{.process = "respawn"}}}};
  CHECK(job_state_from_json(to_json(empty)).value() == empty);
}

TEST_CASE("so is the state of all jobs") {
  SupervisorState state{.version = "2.0.0", .job_environment = {"PATH=/bin"}, .jobs = {full_job(), {.name = "x"}}};
  CHECK(supervisor_state_from_json(to_json(state)).value() == state);
}

TEST_CASE("a state of another version is refused by its version, whatever else it holds") {
  auto newer = job_state_from_json(R"({"state_version": 99, "name": "net"})");
  REQUIRE_FALSE(newer);
  CHECK(newer.error().version == 99);
}

TEST_CASE("what is no state is refused with the reason") {
  for (const auto* text : {"", "{", "[]", "{}", R"({"state_version": "1"})", R"({"state_version": 3})"}) {
    CAPTURE(text);
    auto read = job_state_from_json(text);
    REQUIRE_FALSE(read);
    CHECK_FALSE(read.error().version);
    CHECK_FALSE(read.error().message.empty());
    CHECK_FALSE(supervisor_state_from_json(text));
  }
}

TEST_CASE("bytes that are no UTF-8 are written as the replacement character") {
  CHECK(job_state_from_json(to_json(JobState{.name = "caf\xe9"}))->name == "caf\xef\xbf\xbd");
}
