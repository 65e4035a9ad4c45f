// init is killed: alone, and with all its daemons at the same moment.
#include "integration-tests/session.hpp"

#include <doctest/doctest.h>

#include <csignal>

using namespace upstart::test;

namespace {

// Notes each of its starts.
constexpr const char* service = "start on startup\nconsole none\nrespawn\n"
                                "pre-start exec sh -c 'echo started >>@DIR@/starts'\n"
                                "exec sleep 1000\n";

std::string main_process(Session& session) {
  auto status = session.initctl({"status", "web"}).out;
  auto at = status.rfind("process ");
  return at == std::string::npos ? "" : status.substr(at + 8, status.find('\n') - at - 8);
}

void await_running(Session& session) {
  session.await("web runs", [&] { return session.initctl({"status", "web"}).out.contains("start/running, process"); });
}

} // namespace

TEST_CASE("where init and its daemons are killed together, the next init goes on with the jobs that run") {
  Session session{{{"web", service}}, {.own_bus = false}};
  await_running(session);
  auto process = main_process(session);
  auto address = session.address();
  session.kill_all_and_start_again();
  CHECK(session.address() == address); // the jobs know it
  await_running(session);
  CHECK(main_process(session) == process);
  CHECK(read_file(session.directory() + "/starts") == "started\n");

  ::kill(std::stoi(process), SIGKILL); // it is supervised
  session.await("web was respawned",
                [&] { return read_file(session.directory() + "/starts") == "started\nstarted\n"; });
  await_running(session);
  CHECK(session.initctl({"stop", "web"}).out == "web stop/waiting\n");
  CHECK(session.end() == 0);
  CHECK(stray_processes(address).empty());
}

TEST_CASE("where init alone is killed its daemons end, and take the jobs with them") {
  Session session{{{"web", service}}, {.own_bus = false}};
  await_running(session);
  REQUIRE_FALSE(stray_processes(session.address()).empty());
  ::kill(session.init_pid(), SIGKILL);
  session.await("nothing runs", [&] { return stray_processes(session.address()).empty(); });
}
