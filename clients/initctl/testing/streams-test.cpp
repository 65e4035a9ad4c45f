// Whole runs of initctl whose output goes on (log, monitor), or cannot be written.
#include "clients/initctl/testing/session.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <format>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <thread>
#include <utility>

using namespace upstart::client;

namespace {

// A stream that takes one line and then fails, as a closed terminal does.
struct OneLine : std::stringbuf {
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    return str().contains('\n') ? 0 : std::stringbuf::xsputn(text, count);
  }
  int sync() override { return str().contains('\n') ? -1 : 0; }
};

// A stream that does something when it is first written to.
struct Triggering : std::stringbuf {
  explicit Triggering(std::function<void()> what) : action{std::move(what)} {}
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    if (auto act = std::exchange(action, nullptr)) act();
    return std::stringbuf::xsputn(text, count);
  }
  std::function<void()> action;
};

} // namespace

TEST_CASE("log shows what a job has printed, from where the daemon says that logs are") {
  std::string directory = std::filesystem::temp_directory_path() / "initctl-test.XXXXXX";
  REQUIRE(::mkdtemp(directory.data()));
  std::ofstream{directory + "/svc.log"} << "one\ntwo\n";
  std::ofstream{directory + "/net-eth0.log"} << "eth\n";
  Session session{{{"svc", {}}, {"net", {.has_instances = true, .running = {"eth0"}}}, {"mute", {}}, {"silent", {}}},
                  directory};
  CHECK(session.initctl("log svc").out == "one\ntwo\n");
  CHECK(session.initctl("log -n 1 svc").out == "two\n");
  CHECK(session.initctl("log net eth0").out == "eth\n");
  CHECK(session.initctl("log net NAME=eth0").out == "eth\n");
  CHECK(session.initctl("log net NAME=wlan0").err.starts_with("initctl: net (wlan0) has no log: "));
  CHECK(session.initctl("log net NAME=eth0 x").err.starts_with("initctl: unexpected argument: x\n"));
  CHECK(session.initctl("log mute").err ==
        "initctl: mute has no log: it has `console none': what it prints is kept nowhere\n");
  CHECK(session.initctl("log net").err == "initctl: net has a log for each instance. Name one of: eth0\n");
  CHECK(session.initctl("log silent").err ==
        "initctl: silent has no log: " + directory + "/silent.log does not exist\n");
  CHECK(session.initctl("log nosuch").err == "initctl: Unknown job: nosuch\n");
  CHECK(session.initctl("log -n x svc").err.starts_with("initctl: not a number of lines: x\n"));
  CHECK(session.json("log svc")["text"] == "one\ntwo\n");
  std::filesystem::remove_all(directory);
}

TEST_CASE("log says that the directory of logs is missing, and what becomes of the output meanwhile") {
  std::string directory = std::filesystem::temp_directory_path() / "initctl-test.XXXXXX";
  REQUIRE(::mkdtemp(directory.data()));
  std::filesystem::remove_all(directory);
  const auto missing = "the directory " + directory +
                       " does not exist; until it does, up to 128 KiB of each job's output are kept and written to "
                       "its log afterwards\n";
  auto session = std::make_unique<Session>(std::map<std::string, FakeJob>{{"svc", {}}}, directory);
  CHECK(session->initctl("log svc").err == "initctl: svc has no log: " + missing);
  CHECK(session->initctl("log svc i1").err == "initctl: svc (i1) has no log: " + missing);
  auto address = session->daemon.address();
  Triggering waits{[&] { session.reset(); }};
  std::ostringstream out;
  std::ostream err{&waits};
  CHECK(run_initctl_onto(out, err, {"initctl", "log", "-f", "svc"}, {{"UPSTART_SESSION", address}}) == 1);
  CHECK(waits.str().starts_with("initctl: waiting for " + directory + "/svc.log: " + missing));
}

TEST_CASE("log says so when init logs nowhere") {
  CHECK(Session{}.initctl("log svc").err == "initctl: init was told to log nowhere (--no-log)\n");
}

TEST_CASE("log --follow waits for a log that does not exist, and ends when init has ended") {
  std::string directory = std::filesystem::temp_directory_path() / "initctl-test.XXXXXX";
  REQUIRE(::mkdtemp(directory.data()));
  auto log = directory + "/svc.log";
  auto session = std::make_unique<Session>(std::map<std::string, FakeJob>{{"svc", {}}}, directory);
  auto address = session->daemon.address();
  Triggering waits{[&] { std::ofstream{log} << "one\n"; }}, prints{[&] { session.reset(); }};
  std::ostream out{&prints}, err{&waits};
  CHECK(run_initctl_onto(out, err, {"initctl", "log", "-f", "svc"}, {{"UPSTART_SESSION", address}}) == 1);
  CHECK(prints.str() == "one\n");
  CHECK(waits.str() == "initctl: waiting for " + log +
                           ", which does not exist yet\ninitctl: init has ended: nothing more is written to " + log +
                           "\n");
  std::filesystem::remove_all(directory);
}

TEST_CASE("monitor says which of its jobs are not there, and that init has ended") {
  auto session = std::make_unique<Session>();
  auto address = session->daemon.address();
  Triggering prints{[&] { session.reset(); }};
  std::ostringstream out;
  std::ostream err{&prints};
  CHECK(run_initctl_onto(out, err, {"initctl", "monitor", "svc", "nojob"}, {{"UPSTART_SESSION", address}}) == 1);
  CHECK(prints.str() == "initctl: there is no job nojob; waiting for it to be loaded\ninitctl: init has ended, or "
                        "closed the connection: no more changes can be shown\n");
}

TEST_CASE("monitor shows what is signalled, a line for each") {
  Session session;
  OneLine buffer;
  std::ostream out{&buffer};
  std::ostringstream err;
  std::jthread monitor{[&] {
    (void)run_initctl_onto(out, err, {"initctl", "monitor", "--json"}, {{"UPSTART_SESSION", session.daemon.address()}});
  }};
  session.daemon.wait_for_version_reads(1);
  session.initctl("emit go K=v");
  monitor.join();
  auto line = nlohmann::json::parse(buffer.str());
  CHECK(line["kind"] == "event");
  CHECK(line["name"] == "go");
  CHECK(line["env"] == Words{"K=v"});
  CHECK(line["time"] > 0);
}

TEST_CASE("monitor says how a job failed, also where no process ended with that status") {
  struct Case {
    int status;
    const char* words;
  };
  for (auto [status, words] :
       {Case{3, "exit status 3"}, Case{11 << 8, "killed by signal 11"},
        Case{0, "it respawned too fast and was stopped"}, Case{-1, "its process could not be started"}}) {
    Session session;
    OneLine buffer;
    std::ostream out{&buffer};
    std::ostringstream err;
    std::jthread monitor{[&] {
      (void)run_initctl_onto(out, err, {"initctl", "monitor"}, {{"UPSTART_SESSION", session.daemon.address()}});
    }};
    session.daemon.wait_for_version_reads(1);
    session.initctl(std::format("emit -- svc-fails {}", status)); // the daemon of tests makes that the signal Failed
    monitor.join();
    CHECK(buffer.str().ends_with(std::format(" svc failed, {}\n", words)));
  }
}

TEST_CASE("output that cannot be written is an error, of commands, of help and of streams of lines") {
  Session session;
  for (const Words& words :
       {Words{"list"}, Words{"--json", "list"}, Words{"help"}, Words{"--version"}, Words{"status", "svc"}}) {
    CAPTURE(words);
    Words line{"initctl"};
    line.insert(line.end(), words.begin(), words.end());
    std::ofstream full{"/dev/full"};
    std::ostringstream err;
    CHECK(run_initctl_onto(full, err, line, {{"UPSTART_SESSION", session.daemon.address()}}) == 1);
    CHECK(err.str() == "initctl: Unable to write: No space left on device\n");
  }
}

TEST_CASE("output too long for one write that cannot be written is an error too") {
  std::map<std::string, FakeJob> jobs;
  for (int i = 0; i < 300; ++i) jobs[std::string(200, 'j') + std::to_string(i)] = {};
  Session session{std::move(jobs)};
  std::ofstream full{"/dev/full"};
  std::ostringstream err;
  CHECK(run_initctl_onto(full, err, {"initctl", "list"}, {{"UPSTART_SESSION", session.daemon.address()}}) == 1);
  CHECK(err.str() == "initctl: Unable to write: No space left on device\n");
}
