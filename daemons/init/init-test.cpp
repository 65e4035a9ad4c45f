#include "daemons/init/testing/stand-in-session.hpp"

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <format>
#include <fstream>

using namespace upstart::init;
namespace fs = std::filesystem;

TEST_CASE("the session file appears when the supervisor is ready, and not before") {
  StandInSession session{with({{"STAND_IN_SLOW", "upstart-job-supervisor"}})};
  session.await("upstart-job-supervisor has descriptors");
  session.await("upstart-socket-bridge is ready");
  CHECK_FALSE(fs::exists(session.session_file()));
  CHECK(session.ask("job-supervisor", "ready") == "ready");
  session.signal(SIGHUP); // held back until init has heard of the readiness
  session.await("got HUP");
  CHECK(content_of(session.session_file()) == "UPSTART_SESSION=" + session.private_address() + "\n");
}

TEST_CASE("each daemon serves the sockets that init made, and has no other descriptors") {
  StandInSession session;
  session.await_ready();
  CHECK(session.ask("event-broker", "who").starts_with("upstart-event-broker "));
  CHECK(session.ask("job-supervisor", "who").starts_with("upstart-job-supervisor "));
  CHECK(session.ask("upstart", "who").starts_with("upstart-job-supervisor "));
  CHECK(session.ask("socket-bridge", "who").starts_with("upstart-socket-bridge "));
  // 0 to 2, the sockets, of the supervisor the exits of orphans, and the stand-in's own signal descriptor.
  CHECK(session.has_heard("upstart-event-broker has descriptors 0 1 2 3 4"));
  CHECK_FALSE(session.has_heard("upstart-event-broker has descriptors 0 1 2 3 4 "));
  CHECK(session.has_heard("upstart-job-supervisor has descriptors 0 1 2 3 4 5 6"));
  CHECK_FALSE(session.has_heard("upstart-job-supervisor has descriptors 0 1 2 3 4 5 6 "));
}

TEST_CASE("the run directory is the user's alone") {
  StandInSession session;
  session.await_ready();
  struct stat status{};
  REQUIRE(::stat(session.run_directory().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0700);
}

TEST_CASE("a session ends in order, with status 0, and leaves nothing behind") {
  StandInSession session;
  session.await_ready();
  auto run_directory = session.run_directory();
  auto session_file = session.session_file();
  std::vector<pid_t> pids{session.pid_of("event-broker"), session.pid_of("job-supervisor"),
                          session.pid_of("socket-bridge")};
  SUBCASE("on SIGTERM") { session.signal(SIGTERM); }
  SUBCASE("on SIGINT") { session.signal(SIGINT); }
  CHECK(session.end() == 0);
  CHECK(place_of(session, "upstart-job-supervisor got TERM") < place_of(session, "upstart-event-broker got TERM"));
  CHECK(place_of(session, "upstart-job-supervisor got TERM") < place_of(session, "upstart-socket-bridge got TERM"));
  CHECK_FALSE(fs::exists(run_directory));
  CHECK_FALSE(fs::exists(session_file));
  for (pid_t pid : pids) CHECK_FALSE(is_alive(pid));
}

TEST_CASE("init that is called by hand leads nothing unless it is told what") {
  StandInSession session{{.options = {"--confdir", "/nowhere"}}};
  CHECK(session.await("not process 1: give --user").starts_with("init: "));
  CHECK(session.end() == 1);
}

TEST_CASE("a supervisor that has ended the session itself takes all down with it") {
  StandInSession session;
  session.await_ready();
  CHECK(session.ask("job-supervisor", "stop 0").empty());
  CHECK(session.end() == 0);
  CHECK(session.has_heard("upstart-event-broker got TERM"));
  CHECK_FALSE(session.has_heard("started again"));
}

TEST_CASE("a killed daemon is started again with its sockets; a client waits meanwhile") {
  for (const char* name : {"event-broker", "job-supervisor", "socket-bridge"}) {
    CAPTURE(name);
    StandInSession session;
    session.await_ready();
    pid_t pid = session.pid_of(name);
    ::kill(pid, SIGSTOP); // so that the client is surely in the backlog when the daemon dies
    auto client = connect_to("unix:path=" + session.run_directory() + "/" + name + ".sock");
    send_command(client.get(), "who");
    ::kill(pid, SIGKILL);
    auto answer = read_answer(client.get());
    CHECK(answer.contains(name));
    CHECK_FALSE(answer.ends_with(" " + std::to_string(pid)));
    CHECK_FALSE(session.await("killed by KILL signal").empty());
  }
}

TEST_CASE("a client of the private socket waits, too, while the supervisor is started again") {
  StandInSession session;
  session.await_ready();
  pid_t pid = session.pid_of("upstart");
  ::kill(pid, SIGSTOP);
  auto client = connect_to(session.private_address());
  send_command(client.get(), "who");
  ::kill(pid, SIGKILL);
  CHECK(read_answer(client.get()).starts_with("upstart-job-supervisor "));
  CHECK(fs::exists(session.session_file()));
}

TEST_CASE("every supervisor is told of the startup event, which it remembers, and the next that it is not the first") {
  StandInSession session{{.options = {"--user", "--no-dbus", "--startup-event", "morning"}}};
  auto first = session.await("upstart-job-supervisor started");
  session.await_ready();
  ::kill(session.pid_of("job-supervisor"), SIGKILL);
  auto second = session.await("upstart-job-supervisor started");
  CHECK(first.contains(" --startup-event morning"));
  CHECK_FALSE(first.contains("--restarted"));
  CHECK(second.contains(" --startup-event morning"));
  CHECK(second.contains(" --restarted"));
}

TEST_CASE("kept descriptors are handed again to the daemon that asked, at each start, until forgotten") {
  StandInSession session;
  session.await_ready();
  CHECK(session.ask("job-supervisor", "keep log/job") == "kept");
  CHECK(session.ask("job-supervisor", "keep gone") == "kept");
  CHECK(session.ask("job-supervisor", "forget gone") == "forgotten");
  for (int death = 0; death < 2; ++death) {
    ::kill(session.pid_of("job-supervisor"), SIGKILL);
    CHECK(session.await("was handed") == "upstart-job-supervisor was handed log/job holding log/job");
    session.await("upstart-job-supervisor is ready");
  }
  ::kill(session.pid_of("event-broker"), SIGKILL);
  session.await("upstart-event-broker is ready");
  CHECK_FALSE(session.has_heard("upstart-event-broker was handed"));
  CHECK_FALSE(session.has_heard("was handed gone"));
}

TEST_CASE("what a daemon said just before it died is heard") {
  StandInSession session;
  session.await_ready();
  CHECK(session.ask("socket-bridge", "keep-and-die last").empty());
  CHECK(session.await("was handed") == "upstart-socket-bridge was handed last holding last");
}

TEST_CASE("a descriptor under a name that cannot be handed on is refused, and that is logged") {
  StandInSession session;
  session.await_ready();
  CHECK(session.ask("job-supervisor", "keep a:b") == "kept");
  CHECK(session.await("wants to be kept is closed").contains("\"a:b\" is no name"));
}

TEST_CASE("SIGHUP reaches the supervisor, SIGUSR1 all three") {
  StandInSession session;
  session.await_ready();
  session.signal(SIGHUP);
  CHECK(session.await("got HUP") == "upstart-job-supervisor got HUP");
  session.signal(SIGUSR1);
  for (int i = 0; i < 3; ++i) session.await("got USR1");
  for (const char* name : {"event-broker", "job-supervisor", "socket-bridge"})
    CHECK(session.has_heard(std::string{"upstart-"} + name + " got USR1"));
}

TEST_CASE("jobs of a dead supervisor become init's and are reaped") {
  StandInSession session{{.options = {"--user", "--no-dbus", "--debug"}}};
  session.await_ready();
  pid_t job = std::stoi(session.ask("job-supervisor", "job"));
  ::kill(session.pid_of("job-supervisor"), SIGKILL);
  session.await("upstart-job-supervisor is ready");
  CHECK(is_alive(job));
  ::kill(job, SIGKILL);
  CHECK_FALSE(session.await("init: orphan (" + std::to_string(job) + ") killed by KILL signal").empty());
  CHECK_FALSE(is_alive(job));
}

TEST_CASE("a supervisor is told how jobs of those before it have ended, and so is the next") {
  StandInSession session;
  session.await_ready();
  auto job = session.ask("job-supervisor", "job");
  pid_t first = session.pid_of("job-supervisor");
  auto said = std::format("heard that {} ended with {}, of session {}", job, SIGTERM, first);
  ::kill(first, SIGKILL);
  session.await("upstart-job-supervisor is ready");
  ::kill(std::stoi(job), SIGTERM);
  CHECK(session.await("heard that").ends_with(said));
  ::kill(session.pid_of("job-supervisor"), SIGKILL);
  CHECK(session.await("heard that").ends_with(said + ", before"));
}

TEST_CASE("jobs of a dead supervisor do not outlive the session") {
  StandInSession session;
  session.await_ready();
  pid_t job = std::stoi(session.ask("job-supervisor", "job"));
  ::kill(session.pid_of("job-supervisor"), SIGKILL);
  session.await("upstart-job-supervisor is ready");
  session.signal(SIGTERM);
  CHECK(session.end() == 0);
  CHECK_FALSE(is_alive(job));
}

TEST_CASE("when the supervisor crashes while it stops the jobs, the session ends nevertheless, with the jobs") {
  StandInSession session{with({{"STAND_IN_STUBBORN", "upstart-job-supervisor"}})};
  session.await_ready();
  pid_t job = std::stoi(session.ask("job-supervisor", "job"));
  pid_t supervisor = session.pid_of("job-supervisor");
  session.signal(SIGTERM);
  session.await("upstart-job-supervisor got TERM");
  ::kill(supervisor, SIGKILL);
  CHECK(session.end() == 0);
  CHECK_FALSE(is_alive(job));
}

TEST_CASE("asked again and again, init waits no longer for a supervisor that does not end") {
  StandInSession session{with({{"STAND_IN_STUBBORN", "upstart-job-supervisor"}})};
  session.await_ready();
  session.signal(SIGTERM);
  session.await("upstart-job-supervisor got TERM");
  session.signal(SIGINT);
  session.signal(SIGTERM);
  CHECK_FALSE(session.await("init: killing upstart-job-supervisor").empty());
  CHECK(session.end() == 0);
}

TEST_CASE("asked without pause until it is gone, a session ends with status 0 all the same") {
  for (int round = 0; round < 10; ++round) {
    StandInSession session;
    session.await_ready();
    auto has_ended = [&] { // and waits to be reaped
      auto stat = content_of(std::format("/proc/{}/stat", session.pid()));
      return stat.substr(stat.rfind(')') + 2, 1) == "Z";
    };
    while (!has_ended()) session.signal(SIGTERM);
    CHECK(session.end() == 0);
  }
}

TEST_CASE("a broker that does not heed SIGTERM is killed in the end") {
  StandInSession session{with({{"STAND_IN_STUBBORN", "upstart-event-broker"}})};
  session.await_ready();
  session.signal(SIGTERM);
  session.await("upstart-event-broker got TERM");
  CHECK_THROWS(static_cast<void>(connect_to(session.private_address()))); // nobody would answer any more
  CHECK_FALSE(fs::exists(session.session_file()));
  CHECK(session.end() == 0);
  CHECK(session.has_heard("init: killing upstart-event-broker"));
}

TEST_CASE("a supervisor that gives up by itself, with an error, ends init with status 1") {
  StandInSession session;
  session.await_ready();
  CHECK(session.ask("job-supervisor", "stop 3").empty());
  CHECK(session.end() == 1);
  CHECK_FALSE(session.has_heard("started again"));
}

TEST_CASE("where init stands for the system, SIGTERM replaces the daemons and SIGINT ends") {
  StandInSession session{{.options = {"--session"}, .environment = {{"DBUS_SESSION_BUS_ADDRESS", "unix:path=/there"}}}};
  session.await_ready();
  session.signal(SIGTERM);
  for (int i = 0; i < 3; ++i) session.await(" is ready");
  CHECK_FALSE(session.has_heard("got TERM"));
  session.signal(SIGINT);
  CHECK(session.end() == 0);
  CHECK(session.has_heard("upstart-job-supervisor got TERM"));
}

TEST_CASE("when init dies its daemons end, too") {
  StandInSession session;
  session.await_ready();
  session.signal(SIGKILL);
  CHECK(session.end() == -1); // after the last writer to its output has gone
  for (const char* name : {"event-broker", "job-supervisor", "socket-bridge"})
    CHECK(session.has_heard(std::string{"upstart-"} + name + " got TERM"));
}

TEST_CASE("a daemon that hangs is ended and started again") {
  StandInSession session{{.options = {"--user", "--no-dbus", "--watchdog", "200"}}};
  session.await_ready();
  auto pid = std::to_string(session.pid_of("job-supervisor"));
  CHECK(session.ask("job-supervisor", "hang").empty());
  CHECK_FALSE(session.await("upstart-job-supervisor (" + pid + ") hangs: it is ended with ABRT signal").empty());
  CHECK_FALSE(session.await("upstart-job-supervisor (" + pid + ") killed by ABRT signal").empty());
  CHECK_FALSE(session.await("upstart-job-supervisor is ready").empty());
}

TEST_CASE("a daemon that hangs and does not heed that is killed") {
  StandInSession session{{.options = {"--user", "--no-dbus", "--watchdog", "200"}}};
  session.await_ready();
  auto pid = std::to_string(session.pid_of("event-broker"));
  CHECK(session.ask("event-broker", "hang for good").empty());
  CHECK_FALSE(session.await("upstart-event-broker (" + pid + ") killed by KILL signal").empty());
  CHECK_FALSE(session.await("upstart-event-broker is ready").empty());
}

TEST_CASE("a daemon that rests, or never gave a sign, is not waited for") {
  StandInSession session{{.options = {"--user", "--no-dbus", "--watchdog", "50"}}};
  session.await_ready();
  pid_t pid = session.pid_of("job-supervisor");
  CHECK(session.ask("job-supervisor", "rest") == "rests");
  CHECK(session.ask("socket-bridge", "hang").empty()); // this one is noticed after several periods
  CHECK_FALSE(session.await("upstart-socket-bridge is ready").empty());
  CHECK(session.pid_of("job-supervisor") == pid);
}

TEST_CASE("a daemon that was stopped by a signal goes on after a while") {
  StandInSession session;
  session.await_ready();
  pid_t pid = session.pid_of("event-broker");
  ::kill(pid, SIGSTOP);
  CHECK(session.pid_of("event-broker") == pid); // waits for the answer
  CHECK_FALSE(
      session.await("upstart-event-broker (" + std::to_string(pid) + ") was stopped by a signal: it is continued")
          .empty());
}

TEST_CASE("a daemon whose program was replaced is started from the new one, and that is said") {
  StandInSession session;
  session.await_ready();
  auto program = session.home() + "/daemons/upstart-event-broker";
  fs::copy_file(STAND_IN_DAEMON, program + ".new");
  fs::rename(program + ".new", program);
  pid_t pid = session.pid_of("event-broker");
  ::kill(pid, SIGKILL);
  CHECK(session.await("upstart-event-broker (").contains("killed"));
  CHECK(session.await("started again").ends_with("started again: another version of " + program));
  session.await("upstart-event-broker is ready");
  CHECK(fs::read_symlink("/proc/" + std::to_string(session.pid_of("event-broker")) + "/exe") == program);
}

TEST_CASE("init is spared by the OOM killer where that is permitted, what it starts is not") {
  auto score_of = [](pid_t pid) { return content_of("/proc/" + std::to_string(pid) + "/oom_score_adj"); };
  StandInSession session;
  session.await_ready();
  auto init = score_of(session.pid());
  CHECK((init == "-900\n" || init == score_of(::getpid())));
  CHECK(score_of(session.pid_of("socket-bridge")) == score_of(::getpid()));
}

TEST_CASE("where init and its daemons are killed together, the next start goes on with what runs") {
  StandInSession killed;
  killed.await_ready();
  auto job = std::stoi(killed.ask("job-supervisor", "job"));
  std::ofstream{killed.run_directory() + "/supervisor.journal"} << "what must not be forgotten";
  killed.kill_all();
  REQUIRE(fs::exists(killed.run_directory()));
  StandInSession next{{.where = killed.directory()}};
  next.await_ready();
  CHECK(next.has_heard("init (" + std::to_string(killed.pid()) + ") and its daemons were killed"));
  CHECK(content_of(next.run_directory() + "/supervisor.journal") == "what must not be forgotten");
  CHECK(fs::equivalent(killed.run_directory(), next.run_directory())); // jobs know the sockets there
  CHECK(next.heard()[place_of(next, "upstart-job-supervisor started")].contains("--restarted"));
  next.signal(SIGHUP);
  next.await("got HUP");
  CHECK_FALSE(fs::exists(killed.session_file()));
  CHECK(content_of(next.session_file()) == "UPSTART_SESSION=" + killed.private_address() + "\n"); // the jobs know it
  CHECK(is_alive(job));
  next.signal(SIGTERM);
  CHECK(next.end() == 0);
  for (const auto& path : {killed.run_directory(), next.run_directory()})
    CHECK_FALSE(fs::exists(fs::symlink_status(path)));
}

TEST_CASE("where nothing runs any more the next start begins anew, and removes what was left") {
  StandInSession killed;
  killed.await_ready();
  std::ofstream{killed.run_directory() + "/supervisor.journal"} << "old";
  killed.kill_all();
  StandInSession next{{.where = killed.directory()}};
  next.await_ready();
  CHECK_FALSE(next.heard()[place_of(next, "upstart-job-supervisor started")].contains("--restarted"));
  CHECK_FALSE(fs::exists(fs::symlink_status(killed.run_directory())));
  CHECK_FALSE(fs::exists(killed.session_file()));
}

TEST_CASE("a bridge is started when a job asks for it, and ended, with what was kept for it, when none does") {
  StandInSession session{with({{"STAND_IN_BRIDGES", ""}})};
  session.await("upstart-job-supervisor is ready");
  CHECK(session.ask("job-supervisor", "bridges socket-bridge file-bridge") == "told");
  session.await("upstart-file-bridge is ready");
  CHECK(session.ask("file-bridge", "keep last") == "kept");
  CHECK(session.ask("job-supervisor", "bridges socket-bridge") == "told");
  CHECK_FALSE(session.await("upstart-file-bridge got TERM").empty());
  session.await("ended");
  CHECK(session.ask("job-supervisor", "bridges file-bridge") == "told");
  session.await("upstart-file-bridge is ready");
  CHECK_FALSE(session.has_heard("was handed last"));
}

TEST_CASE("a bridge whose program is not installed is told of once, and looked for again when jobs change") {
  StandInSession session{with({{"STAND_IN_BRIDGES", "timer-bridge"}})};
  CHECK_FALSE(session.await("unable to find the program upstart-timer-bridge").empty());
  session.await("upstart-job-supervisor is ready");
  CHECK(session.ask("job-supervisor", "bridges timer-bridge socket-bridge") == "told");
  session.await("upstart-socket-bridge is ready");
  session.install("upstart-timer-bridge");
  CHECK(session.ask("job-supervisor", "bridges timer-bridge socket-bridge file-bridge") == "told");
  CHECK_FALSE(session.await("upstart-timer-bridge is ready").empty());
}

TEST_CASE("the bridge of a fleet runs while there is a fleet.conf; where its program is missing that is told once") {
  StandInSession session{with({{"STAND_IN_BRIDGES", ""}})};
  session.await("upstart-job-supervisor is ready");
  auto directory = session.home() + "/.config/upstart";
  auto file = directory + "/fleet.conf";
  fs::create_directories(directory);
  std::ofstream{file} << "fleet = shop\n";
  auto told = session.await("unable to find the program upstart-mqtt-bridge");
  CHECK(told.contains(file + " is there, but"));
  CHECK(told.contains("the package upstart-fleet has it. This machine is not a node of a fleet"));
  fs::remove(file);
  session.install("upstart-mqtt-bridge");
  std::ofstream{file} << "fleet = shop\n";
  session.await("upstart-mqtt-bridge is ready");
  auto times_told = std::ranges::count_if(session.heard(), [](const auto& line) {
    return line.contains("unable to find the program upstart-mqtt-bridge");
  });
  CHECK(times_told == 1);
  fs::remove_all(directory);
  CHECK_FALSE(session.await("upstart-mqtt-bridge got TERM").empty());
}
