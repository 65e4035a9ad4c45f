// The real program between stand-ins: timers of a second, over the death of the bridge.
#include "daemons/bridge/testing/fixture.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>

using namespace upstart;
using namespace upstart::bridge;
using namespace upstart::bridge::testing;

namespace {

struct TimerFixture : Fixture {
  TimerFixture() : Fixture{TIMER_BRIDGE, "timer-bridge"} {
    environment = {{"HOME", directory.path()}, {"UPSTART_SESSION", "unix:abstract=x"}, {"TZ", "UTC"}};
  }
  void ask(const std::string& job, Strings arguments) {
    arguments.insert(arguments.begin(), "timer");
    supervisor.set_job(job, {arguments});
  }
  [[nodiscard]] std::string state_file() const { return directory / ".local/state/upstart/timers"; }
};

bool is_time(const std::string& text) { return text.starts_with("TIME=20") && text.ends_with("+00:00"); }

} // namespace

TEST_CASE("EVERY comes again and again, with the variables of the condition, the time, and what was missed") {
  TimerFixture test;
  test.ask("x", {"EVERY=1s"});
  test.start();
  test.until([&] { return test.broker.count() >= 2; }, "two events");
  const auto& env = test.broker.event(2).env;
  REQUIRE(env.size() == 3);
  CHECK(env[0] == "EVERY=1s");
  CHECK(is_time(env[1]));
  CHECK(env[2] == "MISSED=0");
}

TEST_CASE("a time that passes while the bridge is dead is told by the next one, once") {
  TimerFixture test;
  test.ask("x", {"EVERY=2s"});
  test.start();
  test.until_events(1);
  CHECK(test.bridge->end(SIGKILL) == 128 + SIGKILL);
  bool late = false;
  base::Timer wait{test.loop, [&] { late = true; }};
  wait.start(2200ms); // of the clock that is under test
  test.until([&] { return late; }, "the time to pass");
  test.start();
  test.until_events(2);
}

TEST_CASE("a calendar time is kept in the state directory, and what passed while the machine was off is made up for") {
  TimerFixture test;
  std::filesystem::create_directories(test.directory / ".local/state/upstart");
  auto days_ago = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() - std::chrono::days{3});
  std::ofstream{test.state_file()} << days_ago << " AT=daily\n" << days_ago << " AT=another\n";
  test.ask("x", {"AT=daily"});
  test.start();
  test.until_events(1);
  CHECK(test.broker.event(1).env.at(0) == "AT=daily");
  CHECK(test.broker.event(1).env.at(2).starts_with("MISSED="));
  CHECK(test.broker.event(1).env.at(2) != "MISSED=0");
  test.until([&] { return !content_of(test.state_file()).contains(std::to_string(days_ago) + " AT=daily"); },
             "the file");
  CHECK(content_of(test.state_file()).contains("AT=another"));
  CHECK(test.bridge->end(SIGTERM) == 0);
  test.start();
  test.until_events(1);
}

TEST_CASE("a condition that cannot be served is told of with its job") {
  TimerFixture test;
  test.ask("x", {"EVERY=soon"});
  test.start();
  test.until(
      [&] { return content_of(test.output).contains("job x: EVERY in its timer condition: `soon' is no time span"); },
      "its word");
}
