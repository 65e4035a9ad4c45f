// Where a session is: its run directory, addresses, bus and environment, and what makes one impossible.
#include "daemons/init/testing/stand-in-session.hpp"

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <format>
#include <fstream>

using namespace upstart::init;
namespace fs = std::filesystem;

TEST_CASE("where another process has the address of a session, the session has another, which its file tells") {
  StandInSession session{{.address_taken = true}};
  session.await_ready();
  session.signal(SIGHUP);
  session.await("got HUP");
  auto address = session.ask("job-supervisor", "environment UPSTART_SESSION");
  CHECK(address.starts_with(session.private_address() + "/"));
  CHECK(content_of(session.session_file()) == "UPSTART_SESSION=" + address + "\n");
  auto client = connect_to(address);
  send_command(client.get(), "who");
  CHECK(read_answer(client.get()).starts_with("upstart-job-supervisor "));
  CHECK(session.has_heard("Address already in use; listening at " + address + " instead"));
}

TEST_CASE("a run directory that another user prepared is refused") {
  auto where = std::make_shared<TemporaryDirectory>();
  fs::create_directories(where->path() + "/runtime/upstart");
  fs::create_directories(where->path() + "/daemons");
  for (const char* name : {"upstart-event-broker", "upstart-job-supervisor", "upstart-socket-bridge"})
    fs::create_symlink(STAND_IN_DAEMON, where->path() + "/daemons/" + name);
  fs::permissions(where->path() + "/runtime/upstart", fs::perms::all);
  StandInSession session{{.where = where}};
  CHECK(session.end() == 1);
  CHECK(session.has_heard("upstart cannot be used: others may write to it (mode 0777); its mode must be 0700"));
}

TEST_CASE("a daemon keeps the limit of open files that init was started with") {
  StandInSession session;
  session.await_ready();
  CHECK(session.ask("job-supervisor", "limit") == std::to_string(StandInSession::soft_limit_of_open_files));
}

TEST_CASE("the daemons get the session's address, and not what was meant for init") {
  StandInSession session{with({{"LISTEN_FDS", "7"}, {"WATCHDOG_USEC", "1"}, {"FOO", "bar"}})};
  session.await_ready();
  CHECK(session.ask("job-supervisor", "environment UPSTART_SESSION") == session.private_address());
  CHECK(session.ask("job-supervisor", "environment WATCHDOG_USEC") == "10000000"); // init's own
  CHECK(session.ask("job-supervisor", "environment FOO") == "bar");
}

TEST_CASE("a session without a bus gets one of its own, which goes last") {
  StandInSession session{{.options = {"--user", "-v"}}};
  session.await_ready();
  auto address = "unix:path=" + session.run_directory() + "/bus";
  CHECK(session.ask("job-supervisor", "environment DBUS_SESSION_BUS_ADDRESS") == address);
  for (const char* name : {"event-broker", "job-supervisor", "socket-bridge"})
    CHECK(
        session.heard()[place_of(session, std::string{"upstart-"} + name + " started")].contains(" --bus " + address));
  session.signal(SIGTERM);
  CHECK(session.end() == 0);
  CHECK(place_of(session, "init: dbus-daemon (") < place_of(session, "init: upstart-event-broker ("));
  CHECK(session.heard().back().starts_with("init: dbus-daemon"));
}

TEST_CASE("a bus that is there is joined, no other is started") {
  StandInSession session{{.options = {"--user"}, .environment = {{"DBUS_SESSION_BUS_ADDRESS", "unix:path=/there"}}}};
  session.await_ready();
  CHECK(session.heard()[place_of(session, "upstart-event-broker started")].ends_with(" --bus unix:path=/there"));
  CHECK_FALSE(fs::exists(session.run_directory() + "/bus"));
}

TEST_CASE("without dbus-daemon a session has no bus, and says so") {
  StandInSession session{{.options = {"--user"}, .environment = {{"PATH", "/nowhere"}}}};
  session.await_ready();
  CHECK(session.has_heard("init: no dbus-daemon in PATH"));
  CHECK_FALSE(session.has_heard("--bus"));
}

TEST_CASE("without XDG_RUNTIME_DIR there is a private directory and no session file") {
  StandInSession session{with({{"XDG_RUNTIME_DIR", ""}})};
  session.await_ready();
  auto line = session.heard()[place_of(session, "upstart-event-broker started")];
  auto directory = line.substr(line.find(session.home() + "/upstart-"));
  CHECK(session.has_heard("init: XDG_RUNTIME_DIR is not set"));
  CHECK(fs::exists(directory));
  CHECK(session.ask("upstart", "who").starts_with("upstart-job-supervisor"));
  session.signal(SIGTERM);
  CHECK(session.end() == 0);
  CHECK_FALSE(fs::exists(directory));
}

TEST_CASE("on the session bus only there is no private socket and nothing in XDG_RUNTIME_DIR") {
  StandInSession session{{.options = {"--session"}, .environment = {{"DBUS_SESSION_BUS_ADDRESS", "unix:path=/there"}}}};
  session.await_ready();
  CHECK(session.has_heard("--session"));
  CHECK_FALSE(session.has_heard("--private-address"));
  CHECK(fs::is_empty(session.runtime_directory()));
  session.signal(SIGINT);
  CHECK(session.end() == 0);
}

TEST_CASE("an ordinary user leads a session as root does") {
  if (::geteuid() != 0) return;
  StandInSession session{{.options = {"--user"}, .uid = 65534}};
  session.await_ready();
  CHECK(session.ask("upstart", "keep log") == "kept");
  ::kill(session.pid_of("job-supervisor"), SIGKILL);
  CHECK(session.await("was handed") == "upstart-job-supervisor was handed log holding log");
  session.signal(SIGTERM);
  CHECK(session.end() == 0);
}

TEST_CASE("what makes a session impossible is said, with status 1") {
  struct Case {
    std::vector<std::string> options;
    std::map<std::string, std::string> environment;
    std::string message;
  };
  for (const auto& [options, environment, message] : std::vector<Case>{
           {{"--session"}, {}, "init: --session needs the address of the session bus in DBUS_SESSION_BUS_ADDRESS"},
           {{"--user"},
            {{"XDG_RUNTIME_DIR", "/no/such"}},
            "init: unable to make the directory /no/such/upstart: No such file or directory"},
           {{"--user"}, {{"XDG_RUNTIME_DIR", "/tmp/a,b"}}, "must not hold any of"},
           {{"--user", "--daemon-directory", "/no/such"},
            {},
            "init: unable to find the program upstart-event-broker in /no/such"},
           {{"--user", "--bogus"}, {}, "--bogus"}}) {
    CAPTURE(message);
    StandInSession session{{.options = options, .environment = environment}};
    CHECK(session.end() == 1);
    CHECK(session.has_heard(message));
  }
}
