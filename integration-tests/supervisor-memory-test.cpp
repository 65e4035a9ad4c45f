// The job supervisor is killed, and the next one goes on where it was.
#include "integration-tests/session.hpp"

#include <doctest/doctest.h>

#include <signal.h>

#include <cstdlib>

using namespace upstart::test;

namespace {

using Jobs = std::map<std::string, std::string>;

void kill_supervisor(Session& session) { session.kill_daemon("upstart-job-supervisor"); }

std::string status(Session& session, const std::string& job) { return session.initctl({"status", job}).out; }

// Of a job that runs: "svc start/running, process 123".
pid_t pid_of(Session& session, const std::string& job) {
  auto text = status(session, job);
  auto at = text.find("process ");
  return at == std::string::npos ? 0 : std::stoi(text.substr(at + 8));
}

} // namespace

TEST_CASE("jobs of every kind run on under the same process id, and are respawned and stopped by the next supervisor") {
  Session session{Jobs{{"plain", "respawn\nexec sleep 1000\n"},
                       {"forks", "expect fork\nrespawn\nscript\n  sleep 1000 &\nend script\n"},
                       {"stops", "expect stop\nrespawn\nscript\n  kill -STOP $$\n  exec sleep 1000\nend script\n"}}};
  std::map<std::string, pid_t> pids;
  for (const auto* job : {"plain", "forks", "stops"}) {
    REQUIRE(session.initctl({"start", job}).status == 0);
    pids[job] = pid_of(session, job);
    REQUIRE(pids[job] > 0);
  }
  kill_supervisor(session);
  for (const auto& [job, pid] : pids) CHECK(pid_of(session, job) == pid);
  for (const auto& [job, pid] : pids) {
    REQUIRE(::kill(pid, SIGKILL) == 0);
    session.await(job + " is respawned", [&, &job = job, &pid = pid] {
      auto now = pid_of(session, job);
      return now > 0 && now != pid && status(session, job).contains("start/running");
    });
    CHECK(session.initctl({"stop", job}).out == job + " stop/waiting\n");
  }
}

TEST_CASE("a condition half seen is not forgotten, nor the environment table, nor why a job could not be started") {
  Session session{Jobs{{"pair", "start on first and second\nexec sleep 1000\n"},
                       {"bad", "exec /nonexistent/program\n"},
                       {"shows", "task\nexec sh -c 'echo $GLOBAL >@DIR@/shown'\n"}}};
  CHECK(session.initctl({"emit", "--no-wait", "first"}).status == 0);
  CHECK(session.initctl({"set-env", "-g", "GLOBAL=remembered"}).status == 0);
  CHECK(session.initctl({"start", "bad"}).status != 0);
  kill_supervisor(session);
  CHECK(session.initctl({"emit", "second"}).status == 0);
  CHECK(status(session, "pair").starts_with("pair start/running"));
  CHECK(session.initctl({"start", "shows"}).status == 0);
  CHECK(read_file(session.directory() + "/shown") == "remembered\n");
  CHECK(session.initctl({"explain", "bad"}).out.contains("/nonexistent/program"));
}

TEST_CASE("a job that runs keeps its definition over a restart, though its file has changed") {
  Session session{Jobs{{"svc", "respawn\nexec sleep 1000\npost-stop exec touch @DIR@/old\n"}}};
  REQUIRE(session.initctl({"start", "svc"}).status == 0);
  session.write("svc.conf", "exec sleep 2000\n");
  session.await("the change is seen",
                [&] { return session.initctl({"explain", "svc"}).out.contains("has changed since"); });
  kill_supervisor(session);
  CHECK(session.initctl({"stop", "svc"}).out == "svc stop/waiting\n");
  CHECK(session.run({"test", "-e", session.directory() + "/old"}).status == 0);
}

TEST_CASE("the startup event is not emitted again though nothing of it was ever written down") {
  Session session{Jobs{{"boot", "start on startup\ntask\nexec sh -c 'echo boot >>@DIR@/boots'\n"}}};
  session.await("it has booted", [&] { return status(session, "boot") == "boot stop/waiting\n"; });
  session.await("that is written", [&] { return read_file(session.directory() + "/boots") == "boot\n"; });
  auto found = session.run({"find", session.directory(), "-name", "supervisor.journal", "-delete", "-print"});
  REQUIRE_FALSE(found.out.empty());
  kill_supervisor(session);
  CHECK(session.initctl({"emit", "later"}).status == 0); // after it, if there were one
  CHECK(status(session, "boot") == "boot stop/waiting\n");
  CHECK(read_file(session.directory() + "/boots") == "boot\n");
}

#ifdef UPSTART_FAULT_POINTS

TEST_CASE(
    "wherever the supervisor dies while it starts, the startup event is emitted once and every job started once") {
  for (const auto* point : {"memory.before-write", "memory.written", "turn.leaving", "turn.forked", "child.forked"}) {
    for (const auto* passing : {":1", ":2", ":5"}) {
      auto fault = std::string{point} + passing;
      if (fault.ends_with("forked:5")) continue; // there are not so many
      CAPTURE(fault);
      char once[] = "/tmp/supervisor-memory-test-XXXXXX";
      REQUIRE(::mkdtemp(once) != nullptr);
      auto died = std::string{once} + "/died";
      Session session{Jobs{{"boot", "start on startup\ntask\nexec sh -c 'echo boot >>@DIR@/boots'\n"},
                           {"svc", "start on stopped boot\nexec sh -c 'echo svc >>@DIR@/services; exec sleep 1000'\n"}},
                      {.environment = {{"UPSTART_FAULT", fault}, {"UPSTART_FAULT_ONCE", died}}}};
      session.await("svc runs", [&] { return status(session, "svc").starts_with("svc start/running"); });
      session.await("svc has begun", [&] { return !read_file(session.directory() + "/services").empty(); });
      CHECK(session.run({"rm", "-r", died, once}).status == 0); // it did die
      CHECK(read_file(session.directory() + "/boots") == "boot\n");
      CHECK(read_file(session.directory() + "/services") == "svc\n");
      CHECK(session.initctl({"stop", "svc"}).out == "svc stop/waiting\n");
    }
  }
}

#endif
