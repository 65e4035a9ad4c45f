// The first start, when the socket bridge does not offer the sockets of jobs: it is waited for, but not for ever.
#include "integration-tests/session.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace upstart::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

// The programs of the daemons but for the socket bridge.
class DaemonDirectory {
public:
  DaemonDirectory() {
    std::string name = (fs::temp_directory_path() / "socket-wait-test.XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    for (const char* program : {"upstart-event-broker", "upstart-job-supervisor"})
      fs::create_symlink(bin_directory() + "/" + program, path_ + "/" + program);
  }
  DaemonDirectory(const DaemonDirectory&) = delete;
  DaemonDirectory& operator=(const DaemonDirectory&) = delete;
  ~DaemonDirectory() { fs::remove_all(path_); }

  // A socket bridge that hangs before its first step, until it is let go.
  void add_hanging_bridge() const {
    auto program = path_ + "/upstart-socket-bridge";
    ::mkfifo((path_ + "/go").c_str(), 0600);
    std::ofstream{program} << "#!/bin/sh\nread go <" << path_ << "/go\nexec " << bin_directory()
                           << "/upstart-socket-bridge \"$@\"\n";
    ::chmod(program.c_str(), 0755);
  }
  void let_go() const { std::ofstream{path_ + "/go"} << "go\n"; }
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_;
};

constexpr const char* job = "start on startup or socket PROTO=unix SOCKET_PATH=@DIR@/web.sock\n"
                            "exec sh -c 'echo ${LISTEN_FDS:-none} $UPSTART_EVENTS; exec sleep 1000'\n";
constexpr const char* told = "upstart-socket-bridge has not offered the sockets of jobs within 3 seconds; jobs started "
                             "before then have no sockets until they are restarted";

// The job was started by the first event, after the wait, without its socket, and log and explain say why.
void check_started_without_socket(Session& session, std::chrono::steady_clock::time_point begin) {
  session.await("its word", [&] { return session.log("web").ends_with('\n'); });
  CHECK(std::chrono::steady_clock::now() - begin >= 3s);
  CHECK(session.log("web") == "none startup\n");
  CHECK(session.messages().contains(told));
  CHECK(session.initctl({"explain", "--json", "web"}).out.contains(told));
}

} // namespace

TEST_CASE("without a socket bridge the first event comes after three seconds, and why a job has no socket is told") {
  DaemonDirectory daemons;
  auto begin = std::chrono::steady_clock::now();
  Session session{{{"web", job}}, {.init_options = {"--daemon-directory", daemons.path()}}};
  check_started_without_socket(session, begin);
}

TEST_CASE("a socket bridge that hangs holds the first event for three seconds, and serves once it goes on") {
  DaemonDirectory daemons;
  daemons.add_hanging_bridge();
  auto begin = std::chrono::steady_clock::now();
  Session session{{{"web", job}}, {.init_options = {"--daemon-directory", daemons.path()}}};
  check_started_without_socket(session, begin);
  daemons.let_go();
  session.await("the bridge", [&] { return session.initctl({"bridges"}).out.contains("socket-bridge serving"); });
  session.await("the socket", [&] { return fs::exists(session.directory() + "/web.sock"); });
  CHECK(session.initctl({"restart", "web"}).status == 0);
  session.await("its second word", [&] { return session.log("web").contains("\n1"); });
}
