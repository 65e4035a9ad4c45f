#include "daemons/init/configuration/daemon-table.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace upstart::init;
using enum Daemon;

namespace {

using Arguments = std::vector<std::string>;

Run session() {
  return {.options = {.mode = Mode::user},
          .directory = "/run/u/7",
          .runtime_directory = "/run/u",
          .job_directories = {"/a", "/b"},
          .log_directory = "/logs",
          .private_address = "unix:abstract=/s",
          .bus_address = "unix:path=/bus",
          .init_pid = 7};
}

Arguments arguments(Daemon daemon, const Run& run, bool again = false) { return entry(daemon).arguments(run, again); }

bool has(const Arguments& arguments, const std::string& word) { return std::ranges::contains(arguments, word); }

} // namespace

TEST_CASE("every daemon stands in the table, the bus first and the bridges last") {
  CHECK(all_daemons().size() == daemon_count);
  CHECK(entry(all_daemons().front()).program == "dbus-daemon");
  CHECK(own_daemons().size() == daemon_count - 1);
  CHECK(all_bridges().size() == upstart::protocol::bridges.size());
  CHECK(bridge_of_name("socket-bridge") == bridge);
  CHECK_FALSE(bridge_of_name("event-broker"));
  for (auto one : all_bridges()) {
    CHECK(is_bridge(one));
    auto socket = entry(one).sockets(session()).at(0);
    CHECK(entry(one).program == "upstart-" + socket.name);
    CHECK(socket.address == "unix:path=/run/u/7/" + socket.name + ".sock");
    CHECK(arguments(one, session()) == arguments(broker, session()));
  }
}

TEST_CASE("the broker is told its directory and the bus") {
  CHECK(arguments(broker, session()) == Arguments{"--run-directory", "/run/u/7", "--bus", "unix:path=/bus"});
}

TEST_CASE("the broker and the supervisor are told who the bridges are that need no root, and bridges are not") {
  auto run = session();
  CHECK_FALSE(has(arguments(broker, run), "--bridge-user"));
  CHECK_FALSE(has(arguments(supervisor, run), "--bridge-user"));
  run.bridge_account = Account{.user = 101, .group = 102};
  for (auto daemon : {broker, supervisor}) {
    auto told = arguments(daemon, run);
    auto option = std::ranges::find(told, "--bridge-user");
    REQUIRE(option != told.end());
    CHECK(*std::next(option) == "101");
  }
  for (auto one : all_bridges()) CHECK_FALSE(has(arguments(one, run), "--bridge-user"));
}

TEST_CASE("timers and signals of D-Bus need no root, all other daemons do") {
  for (auto one : all_daemons())
    CHECK(entry(one).needs_root == (one != bridge_of_name("timer-bridge") && one != bridge_of_name("dbus-bridge")));
}

TEST_CASE("the supervisor is told all that a session's jobs need") {
  auto run = session();
  run.options.startup_event = "morning";
  run.options.default_console = "none";
  run.options.verbosity = Verbosity::debug;
  CHECK(arguments(supervisor, run) == Arguments{"--run-directory",
                                                "/run/u/7",
                                                "--user",
                                                "--private-address",
                                                "unix:abstract=/s",
                                                "--confdir",
                                                "/a",
                                                "--confdir",
                                                "/b",
                                                "--logdir",
                                                "/logs",
                                                "--default-console",
                                                "none",
                                                "--startup-event",
                                                "morning",
                                                "--bus",
                                                "unix:path=/bus",
                                                "--await-name",
                                                "--init-pid",
                                                "7",
                                                "--debug"});
}

TEST_CASE("on a bus that does not hold calls the supervisor of a session is ready once it has its name") {
  auto run = session();
  CHECK(has(arguments(supervisor, run), "--await-name"));
  run.options.mode = Mode::session;
  CHECK(has(arguments(supervisor, run), "--await-name"));
  run.options.mode = Mode::system;
  CHECK_FALSE(has(arguments(supervisor, run), "--await-name"));
  run = session();
  run.bus_configuration = "/run/u/7/bus.conf";
  CHECK_FALSE(has(arguments(supervisor, run), "--await-name"));
  run = session();
  run.bus_address = std::nullopt;
  CHECK_FALSE(has(arguments(supervisor, run), "--await-name"));
}

TEST_CASE(
    "a supervisor that is not the first knows that it is not, and still emits the startup event if none has yet") {
  auto run = session();
  run.options.startup_event = "morning";
  auto words = arguments(supervisor, run, true);
  CHECK_FALSE(has(words, "--no-startup-event"));
  CHECK(has(words, "--restarted"));
  CHECK(has(words, "morning"));
}

TEST_CASE("what is switched off is switched off for the daemons") {
  Run run = session();
  run.options = {.mode = Mode::session, .no_startup_event = true, .no_inherit_env = true, .no_cgroups = true};
  run.log_directory = run.private_address = run.bus_address = std::nullopt;
  auto words = arguments(supervisor, run);
  for (const auto* word : {"--session", "--no-log", "--no-startup-event", "--no-inherit-env", "--no-cgroups"})
    CHECK(has(words, word));
  for (const auto* word : {"--logdir", "--private-address", "--bus", "--restarted"}) CHECK_FALSE(has(words, word));
  CHECK(entry(supervisor).sockets(run).size() == 1);
  CHECK(entry(supervisor).sockets(session()).size() == 2);
}

TEST_CASE("the supervisor is told where the output of jobs goes, also where there are no log files") {
  auto run = session();
  CHECK_FALSE(has(arguments(supervisor, run), "--log-to-stdout"));
  run.options.log_to_stdout = run.options.no_log = true;
  run.log_directory = std::nullopt;
  CHECK(has(arguments(supervisor, run), "--log-to-stdout"));
  CHECK(has(arguments(supervisor, run), "--no-log"));
}

TEST_CASE("the supervisor is told the job of a container and its variables") {
  auto run = session();
  CHECK_FALSE(has(arguments(supervisor, run), "--container-job"));
  run.container_job = {"web", "PORT=80", "HOST=a b"};
  auto words = arguments(supervisor, run);
  auto first = std::ranges::find(words, "--container-job");
  Arguments expected{"--container-job",          "web",     "--container-job-variable", "PORT=80",
                     "--container-job-variable", "HOST=a b"};
  REQUIRE(words.end() - first >= static_cast<std::ptrdiff_t>(expected.size()));
  CHECK(Arguments(first, first + static_cast<std::ptrdiff_t>(expected.size())) == expected);
}

TEST_CASE("the session's own bus writes to standard error, and to syslog where it would complain of its limits") {
  auto run = session();
  CHECK(has(arguments(bus, run), "--nosyslog"));
  run.bus_would_complain = true;
  CHECK(has(arguments(bus, run), "--syslog-only"));
  CHECK_FALSE(has(arguments(bus, run), "--nosyslog"));
}

TEST_CASE("the address of the session's own bus is escaped as D-Bus wants it") {
  CHECK(own_bus_address("/run/user/1000/upstart/7") == "unix:path=/run/user/1000/upstart/7/bus");
  CHECK(own_bus_address("/a b") == "unix:path=/a%20b/bus");
}
