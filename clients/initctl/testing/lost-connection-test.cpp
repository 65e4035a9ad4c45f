// What initctl does when the daemon that it talks to dies, or hangs up: it comes back, and tells the truth.
#include "clients/base/commands/tracked-commands.hpp"
#include "clients/base/plain/command-token.hpp"
#include "clients/initctl/testing/fake-upstart.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <sstream>
#include <thread>

using namespace upstart::client;
using Words = std::vector<std::string>;

namespace {

Ran run(const FakeUpstart& daemon, Words words) {
  words.insert(words.begin(), "initctl");
  return run_initctl(words, {{"UPSTART_SESSION", daemon.address()}});
}

// A stream in which a test waits for words; its reader is gone once it is told the last of them.
class Printed : public std::stringbuf {
public:
  void wait_for(const std::string& words) {
    std::unique_lock lock{guard_};
    grown_.wait(lock, [&] { return str().contains(words); });
  }

private:
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    std::lock_guard lock{guard_};
    if (std::string_view{text, static_cast<std::size_t>(count)}.contains("last")) return 0;
    auto written = std::stringbuf::xsputn(text, count);
    grown_.notify_all();
    return written;
  }
  std::mutex guard_;
  std::condition_variable grown_;
};

} // namespace

TEST_CASE("a start whose answer is lost is asked for again, done once, and answered") {
  FakeUpstart daemon{{{"svc", {}}}};
  daemon.lose({Loss::before_answer});
  auto ran = run(daemon, {"start", "svc"});
  CHECK(ran.out == "svc start/running, process 42\n");
  CHECK(ran.err == "");
  CHECK(ran.status == 0);
  CHECK(daemon.calls() == Words{"Start"});
}

TEST_CASE("a start that was never accepted is given again, also if it is lost twice") {
  FakeUpstart daemon{{{"svc", {}}}};
  daemon.lose({Loss::before_acceptance, Loss::before_acceptance});
  auto ran = run(daemon, {"start", "svc"});
  CHECK(ran.out == "svc start/running, process 42\n");
  CHECK(ran.status == 0);
  CHECK(daemon.calls() == Words{"Start"});
}

TEST_CASE("a start that has failed while its connection was lost fails, with the reason") {
  FakeUpstart daemon{{{"bad", {.fails = true}}}};
  daemon.lose({Loss::before_answer});
  auto ran = run(daemon, {"start", "bad"});
  CHECK(ran.err == "initctl: Job failed to start\ninitctl: `initctl explain bad' says why\n");
  CHECK(ran.status == 1);
  CHECK(daemon.calls() == Words{"Start"});
}

TEST_CASE("stop, restart and emit come back, too, as does a start that does not wait") {
  FakeUpstart daemon{{{"svc", {.running = {""}}}, {"other", {}}}};
  auto once = [&](const Words& words, const std::string& call) {
    daemon.lose({Loss::before_answer});
    auto before = daemon.calls();
    CHECK(run(daemon, words).status == 0);
    before.push_back(call);
    CHECK(daemon.calls() == before);
  };
  once({"restart", "svc"}, "Restart");
  once({"stop", "svc"}, "Stop");
  once({"emit", "go", "K=v"}, "EmitEvent go K=v");
  once({"emit", "-n", "go"}, "EmitEvent no-wait go");
  once({"start", "-n", "other"}, "Start no-wait");
}

TEST_CASE("a command that the small program has given already is given under the same token") {
  FakeUpstart daemon{{{"svc", {}}}};
  const std::string token(command_token_digits, 'a');
  ::setenv(command_token_variable, token.c_str(), 1);
  auto context = ProcessContext::of_this_process();
  CHECK(std::getenv(command_token_variable) == nullptr);
  auto connection = Connection::open({Target::Kind::peer, daemon.address(), {}});
  REQUIRE(connection);
  Upstart upstart{std::move(*connection), context};
  (void)TrackedCommands{upstart}.start({.job = "svc"}, true);
  CHECK(daemon.tokens() == Words{token + ".1"});
}

TEST_CASE("what is no token of the small program is not taken for one") {
  for (const auto& value : {std::string(command_token_digits, 'g'), std::string{"aa"}, std::string{}}) {
    ::setenv(command_token_variable, value.c_str(), 1);
    CHECK(ProcessContext::of_this_process().command_token == "");
  }
}

TEST_CASE("an init daemon without such commands is asked as the original is") {
  FakeUpstart daemon{{{"svc", {}}, {"net", {.has_instances = true, .running = {"eth0"}}}}};
  daemon.knows_no_tokens();
  CHECK(run(daemon, {"start", "svc"}).out == "svc start/running, process 42\n");
  CHECK(run(daemon, {"start", "-n", "net", "NAME=wlan0"}).out == "net (wlan0) start/running, process 42\n");
  CHECK(run(daemon, {"restart", "svc"}).status == 0);
  CHECK(run(daemon, {"stop", "net", "NAME=eth0"}).out == "net stop/waiting\n");
  CHECK(run(daemon, {"emit", "go"}).status == 0);
  CHECK(daemon.calls() == Words{"Start", "Start no-wait NAME=wlan0", "Restart", "Stop NAME=eth0", "EmitEvent go"});
  auto listed = run(daemon, {"list"}).out;
  CHECK(listed == "net (wlan0) start/running, process 42\nsvc start/running, process 42\n");
  FakeUpstart own{{{"svc", {.running = {""}}}, {"net", {.has_instances = true, .running = {"wlan0"}}}}};
  CHECK(run(own, {"list"}).out == listed);
}

TEST_CASE("monitor goes on after its connection was lost, and a line says that something is missing") {
  FakeUpstart daemon{{{"svc", {}}}};
  Printed printed;
  std::ostream out{&printed};
  std::ostringstream err;
  std::jthread monitor{
      [&] { (void)run_initctl_onto(out, err, {"initctl", "monitor"}, {{"UPSTART_SESSION", daemon.address()}}); }};
  daemon.wait_for_version_reads(1);
  run(daemon, {"emit", "before"});
  printed.wait_for("event before");
  daemon.hang_up();
  printed.wait_for("the connection to Upstart was lost, and made again; changes in between are not shown\n");
  run(daemon, {"emit", "after"});
  printed.wait_for("event after");
  run(daemon, {"emit", "last"});
}

TEST_CASE("log --follow goes on after its connection was lost, and says so") {
  std::string directory = std::filesystem::temp_directory_path() / "initctl-test.XXXXXX";
  REQUIRE(::mkdtemp(directory.data()));
  auto log = directory + "/svc.log";
  std::ofstream{log} << "one\n";
  FakeUpstart daemon{{{"svc", {}}}, directory};
  Printed printed, told;
  std::ostream out{&printed}, err{&told};
  std::jthread follower{[&] {
    (void)run_initctl_onto(out, err, {"initctl", "log", "-f", "svc"}, {{"UPSTART_SESSION", daemon.address()}});
  }};
  printed.wait_for("one\n");
  daemon.hang_up();
  told.wait_for("initctl: the connection to Upstart was lost, and made again\n");
  std::ofstream{log, std::ios::app} << "two\n";
  printed.wait_for("one\ntwo\n");
  std::ofstream{log, std::ios::app} << "last\n";
  follower.join();
  std::filesystem::remove_all(directory);
}
