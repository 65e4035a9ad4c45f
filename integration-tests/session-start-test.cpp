// A session that has just begun, whose many job files may still be unread: nobody sees that they are.
#include "integration-tests/session.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <format>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace upstart::test;
namespace fs = std::filesystem;

namespace {

using Jobs = std::map<std::string, std::string>;

Jobs many_and(Jobs jobs) {
  for (int i = 0; i < 1500; ++i) jobs[std::format("other{}", i)] = "start on never\nexec sleep 1000\n";
  return jobs;
}

} // namespace

TEST_CASE("the first who asks sees all jobs of a session, or the one that is asked for, and can start it") {
  {
    Session session{many_and({})};
    CHECK(std::ranges::count(session.initctl({"list"}).out, '\n') == 1500);
  }
  {
    Session session{many_and({})};
    CHECK(session.initctl({"status", "other1499"}).out == "other1499 stop/waiting\n");
    CHECK(session.initctl({"status", "another"}).err.starts_with("initctl: Unknown job: another\n"));
    CHECK(session.initctl({"start", "other7"}).status == 0);
  }
  Session session{many_and({{"z", "start on go\ntask\nexec touch @DIR@/ran\n"}})};
  CHECK(session.initctl({"emit", "go"}).status == 0);
  CHECK(session.run({"test", "-e", session.directory() + "/ran"}).status == 0);
}

TEST_CASE("a supervisor that dies while it reads the files of a new session leaves the first event to the next") {
  Session session{many_and({{"z", "start on startup\ntask\nexec sh -c 'echo ran >>@DIR@/runs'\n"}})};
  session.kill_daemon("upstart-job-supervisor");
  session.await("the job that the first event starts",
                [&] { return !read_file(session.directory() + "/runs").empty(); });
  CHECK(session.initctl({"emit", "later"}).status == 0);
  CHECK(session.initctl({"status", "z"}).out == "z stop/waiting\n");
  CHECK(read_file(session.directory() + "/runs") == "ran\n");
}

TEST_CASE("a start that comes before the sockets of a new session are there waits for them") {
  Session session{{{"web", "start on socket PROTO=unix SOCKET_PATH=@DIR@/web.sock\n"
                           "exec sh -c 'echo $LISTEN_FDS; exec sleep 1000'\n"}}};
  CHECK(session.initctl({"start", "web"}).status == 0);
  session.await("its word", [&] { return session.log("web").ends_with('\n'); });
  CHECK(session.log("web") == "1\n");
}

TEST_CASE("a session whose bus does not answer is there all the same") {
  std::string directory = fs::temp_directory_path() / "upstart-bus-XXXXXX";
  REQUIRE(::mkdtemp(directory.data()) != nullptr);
  auto path = directory + "/bus";
  int silent = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(silent, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(silent, 16) == 0);
  {
    Session session{{{"svc", "exec sleep 1000\n"}},
                    {.environment = {{"DBUS_SESSION_BUS_ADDRESS", "unix:path=" + path}}, .own_bus = false}};
    CHECK(session.initctl({"start", "svc"}).status == 0);
  }
  ::close(silent);
  fs::remove_all(directory);
}

TEST_CASE("the log directory of a session is made where it does not exist, and it is told where that fails") {
  std::string directory = fs::temp_directory_path() / "upstart-logs-XXXXXX";
  REQUIRE(::mkdtemp(directory.data()) != nullptr);
  auto logs = directory + "/below/logs";
  {
    Session session{{{"svc", "task\nexec echo said\n"}}, {.init_options = {"--logdir", logs}}};
    CHECK(session.initctl({"start", "svc"}).status == 0);
    session.await("the log", [&] { return read_file(logs + "/svc.log") == "said\n"; });
    CHECK_FALSE(session.initctl({"explain", "svc"}).out.contains("log directory"));
  }
  fs::remove_all(directory);
  Session session{{{"svc", "task\nexec echo said\n"}}, {.init_options = {"--logdir", "/proc/nowhere"}}};
  CHECK(session.messages().contains("unable to make the log directory /proc/nowhere"));
  CHECK(session.initctl({"explain", "svc"}).out.contains("the log directory /proc/nowhere does not exist"));
}
