#include "daemons/job-supervisor/api/bridge-register.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>

using namespace upstart::supervisor;
using Events = std::vector<std::string>;

namespace {

std::string invented_program(pid_t pid) {
  if (pid == 7) return "/usr/libexec/upstart/upstart-socket-bridge";
  if (pid == 8) return "/usr/libexec/upstart/upstart-file-bridge (deleted)";
  return pid == 9 ? "/usr/bin/own-bridge" : "";
}

} // namespace

TEST_CASE("a bridge is noted with each event once, until its connection ends") {
  BridgeRegister bridges{invented_program};
  int one = 0, other = 0;
  bridges.note(&one, 7, "socket");
  bridges.note(&one, 7, "file");
  bridges.note(&one, 7, "socket");
  bridges.note(&other, 7, "timer");
  REQUIRE(bridges.bridges().size() == 2);
  bridges.forget(&other);
  REQUIRE(bridges.bridges().size() == 1);
  auto bridge = bridges.bridges().front();
  CHECK(bridge.pid == 7);
  CHECK(bridge.events == Events{"file", "socket"});
  bridges.forget(&one);
  CHECK(bridges.bridges().empty());
}

TEST_CASE("a bridge is called by its program, also where that has been replaced; they are sorted by name") {
  BridgeRegister bridges{invented_program};
  int connections[4]{};
  for (int i = 0; i < 4; ++i) bridges.note(&connections[i], 7 + i, "event");
  auto all = bridges.bridges();
  REQUIRE(all.size() == 4);
  CHECK(all[0].name == ""); // cannot be told
  CHECK_FALSE(all[0].is_of_upstart);
  CHECK(all[1].name == "file-bridge");
  CHECK(all[2].name == "own-bridge");
  CHECK_FALSE(all[2].is_of_upstart);
  CHECK(all[3].name == "socket-bridge");
  CHECK(all[3].is_of_upstart);
}

TEST_CASE("the program of a process is the file that it runs, and none where there is no process") {
  CHECK(std::filesystem::equivalent(program_of(::getpid()), "/proc/self/exe"));
  CHECK(program_of(-1) == "");
}
