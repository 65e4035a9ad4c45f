#include "daemons/job-supervisor/process/adoption/instance-notes.hpp"

#include <doctest/doctest.h>

#include <csignal>

using namespace upstart::supervisor;

namespace {

InstanceNotes full_notes() {
  JobMembers members{.group = "/sys/fs/cgroup/a", .marks = {"UPSTART_JOB=a"}, .sessions = {7, 8}, .since = 40};
  InstanceNotes notes{.written = 99,
                      .members = members,
                      .stanza_directories = {"/x"},
                      .processes = {{.kind = ProcessKind::main, .id = {7, 50, 51}, .executed = true},
                                    {.kind = ProcessKind::post_start,
                                     .id = {9, 60, 61},
                                     .failure = ChildFailure{SpawnStep::chdir, 2, 0}}},
                      .ready_told = true,
                      .main_process_group = 7,
                      .log = {.path = "/l/a.log", .terminals = {3}, .pipes = {4, 5}},
                      .readiness = std::string{"\0\1", 2}};
  notes.ending = EndingNote{EndScope{KillMode::group, 7, members, {}}, SIGTERM, true};
  return notes;
}

} // namespace

TEST_CASE("notes come back from their bytes as they were") {
  auto bytes = to_bytes(full_notes());
  auto again = read_notes(bytes);
  REQUIRE(again);
  CHECK(to_bytes(*again) == bytes);
  CHECK(again->written == 99);
  CHECK(again->of(ProcessKind::main)->id == ProcessId{7, 50, 51});
  CHECK(again->of(ProcessKind::post_start)->failure->error == 2);
  CHECK(again->of(ProcessKind::pre_stop) == nullptr);
  CHECK(again->log.pipes == std::vector<std::uint64_t>{4, 5});
  CHECK(again->ending->scope.mode() == KillMode::group);
  CHECK(again->ending->wait_status == SIGTERM);
}

TEST_CASE("notes of an instance with mounts of its own name them, and those of others are as they were before") {
  auto notes = full_notes();
  auto without = to_bytes(notes);
  notes.mount_namespace = 12;
  CHECK(to_bytes(notes).starts_with(without));
  CHECK(read_notes(to_bytes(notes))->mount_namespace == 12);
  CHECK(read_notes(without)->mount_namespace == 0);
}

TEST_CASE("notes of an instance whose process is looked for tell how") {
  for (std::uint64_t mounts : {0U, 12U}) {
    auto notes = full_notes();
    auto without = to_bytes(notes);
    notes.mount_namespace = mounts;
    notes.searches = {{.kind = ProcessKind::pre_start, .since = 60, .until = 70},
                      {.kind = ProcessKind::post_stop,
                       .since = 61,
                       .until = 71,
                       .told = ProcessId{12, 62, 63},
                       .signals = {SIGTERM, SIGKILL}}};
    CHECK(to_bytes(notes).starts_with(without));
    auto again = read_notes(to_bytes(notes));
    REQUIRE(again);
    CHECK(again->mount_namespace == mounts);
    CHECK(again->search_of(ProcessKind::main) == nullptr);
    CHECK(again->search_of(ProcessKind::pre_start)->since == 60);
    CHECK_FALSE(again->search_of(ProcessKind::pre_start)->told);
    const auto* post_stop = again->search_of(ProcessKind::post_stop);
    CHECK(post_stop->until == 71);
    CHECK(post_stop->told == ProcessId{12, 62, 63});
    CHECK(post_stop->signals == std::vector{SIGTERM, SIGKILL});
  }
}

TEST_CASE("bytes that are cut off, too long or of another form are refused, whatever they are") {
  auto bytes = to_bytes(full_notes());
  for (std::size_t length = 0; length < bytes.size(); ++length) CHECK_FALSE(read_notes(bytes.substr(0, length)));
  CHECK_FALSE(read_notes(bytes + "x"));
  bytes[0] = 77;
  auto refused = read_notes(bytes);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == "the notes of its processes have an unknown form");
}
