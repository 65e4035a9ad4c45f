// The real program between stand-ins: what it emits when files change, and what it remembers when it is killed.
#include "daemons/bridge/testing/fixture.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <format>
#include <fstream>
#include <set>

using namespace upstart;
using namespace upstart::bridge;
using namespace upstart::bridge::testing;
namespace fs = std::filesystem;

namespace {

struct FileFixture : Fixture {
  FileFixture() : Fixture{FILE_BRIDGE, "file-bridge"} { fs::create_directory(place()); }

  [[nodiscard]] std::string place() const { return directory / "watched"; }
  [[nodiscard]] std::string path(const std::string& entry) const { return place() + "/" + entry; }
  void ask(const std::string& job, Strings arguments) {
    arguments.insert(arguments.begin(), "file");
    supervisor.set_job(job, {arguments});
  }
  void write(const std::string& entry, const std::string& text = "x") const { std::ofstream{path(entry)} << text; }
  // "create" or "create MATCH".
  [[nodiscard]] Strings events() {
    Strings result;
    for (std::size_t id = 1; id <= broker.count(); ++id) {
      const auto& env = broker.event(id).env;
      result.push_back(env.at(1).substr(6) + (env.size() > 2 ? " " + env.at(2).substr(6 + place().size() + 1) : ""));
    }
    return result;
  }
  void kill() const { CHECK(bridge->end(SIGKILL) == 128 + SIGKILL); }
};

} // namespace

TEST_CASE("a file that is created, modified, replaced and deleted gives an event each") {
  FileFixture test;
  test.ask("x", {"FILE=" + test.path("a")});
  test.start();
  test.write("a");
  test.until_events(2);
  test.write("new");
  fs::rename(test.path("new"), test.path("a"));
  test.until_events(3);
  fs::remove(test.path("a"));
  test.until_events(4);
  CHECK(test.events() == Strings{"create", "modify", "modify", "delete"});
  CHECK(test.broker.event(1).env == Strings{"FILE=" + test.path("a"), "EVENT=create"});
}

TEST_CASE("a file in directories that do not exist yet is heard of when it comes") {
  FileFixture test;
  test.ask("x", {"FILE=" + test.path("p/q/r/a"), "EVENT=create"});
  test.start();
  fs::create_directories(test.path("p/q/r"));
  test.write("p/q/r/a");
  test.until_events(1);
  CHECK(test.events() == Strings{"create"});
}

TEST_CASE("a writer that keeps its file open gives one modify when it pauses") {
  FileFixture test;
  test.write("log");
  test.ask("x", {"FILE=" + test.path("log"), "EVENT=modify"});
  test.start();
  std::ofstream log{test.path("log")};
  for (int i = 0; i < 10; ++i) log << "line" << std::endl;
  test.until_events(1);
  log << "more" << std::endl;
  test.until_events(2);
}

TEST_CASE("what is there counts as created, and not again after a restart of the bridge") {
  FileFixture test;
  test.write("a");
  test.ask("x", {"FILE=" + test.path("*"), "EVENT=create"});
  test.start();
  test.until_events(1);
  test.kill();
  test.write("b");
  test.start();
  test.until_events(2);
  CHECK(test.events() == Strings{"create a", "create b"});
}

TEST_CASE("in a session a path may begin at home") {
  FileFixture test;
  test.environment = {{"HOME", test.place()}, {"UPSTART_SESSION", "unix:abstract=x"}};
  test.ask("x", {"FILE=~/a", "EVENT=create"});
  test.start();
  test.write("a");
  test.until_events(1);
  CHECK(test.broker.event(1).env == Strings{"FILE=~/a", "EVENT=create"});
}

TEST_CASE("ten thousand files give ten thousand events, none twice, although the bridge is killed in the middle") {
  FileFixture test;
  test.options = {};
  test.ask("x", {"FILE=" + test.path("*"), "EVENT=create"});
  test.start();
  constexpr int files = 10'000;
  for (int i = 0; i < files; ++i) {
    std::ofstream{test.path(std::to_string(i))};
    if (i == files / 2) {
      test.until([&] { return test.broker.count() > 0; }, "the first events");
      test.kill();
      test.start();
    }
  }
  test.until([&] { return test.broker.count() >= files; }, "all events");
  test.ask("end", {"FILE=" + test.path("end"), "EVENT=create"}); // after everything else that there is to tell
  test.write("end");
  auto is_end = [&](std::size_t id) { return test.broker.event(id).env.at(0).ends_with("/end"); };
  test.until([&] { return is_end(test.broker.count()) || is_end(test.broker.count() - 1); }, "the end");
  test.until([&] { return test.broker.count() >= files + 2; }, "the end as one of all");
  auto events = test.events();
  std::set<std::string> distinct{events.begin(), events.end()};
  CHECK(distinct.size() == events.size());
  CHECK(events.size() == files + 2); // and the end, as one of all, and by itself
}

// What a queue holds is counted by the kernel: a file that is made, written and closed takes three places.
TEST_CASE("where the kernel's queue was full, what is different is told, each file once, and that it was so") {
  FileFixture test;
  test.options = {};
  test.write("before");
  test.ask("x", {"FILE=" + test.path("*"), "EVENT=create"});
  test.ask("y", {"FILE=" + test.path("*"), "EVENT=delete"});
  test.start();
  test.until_events(1);
  std::size_t places = 0;
  std::ifstream{"/proc/sys/fs/inotify/max_queued_events"} >> places;
  REQUIRE(places > 0);
  const auto files = places / 2;
  test.bridge->pause();
  for (std::size_t i = 0; i < files; ++i) test.write(std::to_string(i));
  fs::remove(test.path("before")); // when nothing more is taken
  test.bridge->resume();
  test.until([&] { return test.broker.count() >= files + 2; }, "all files");
  auto events = test.events();
  CHECK(std::set<std::string>{events.begin(), events.end()}.size() == events.size());
  CHECK(std::ranges::contains(events, "delete before"));
  CHECK(std::ranges::contains(events, std::format("create {}", files - 1)));
  CHECK(content_of(test.output).contains("the kernel's queue of file events was full"));
}

TEST_CASE("a file system on which changes are not seen is named") {
  FileFixture test;
  test.ask("x", {"FILE=/proc/sys/kernel/hostname", "EVENT=modify"});
  test.start();
  test.until(
      [&] {
        return content_of(test.output).contains("job x: /proc/sys/kernel/hostname is on a file system of kind proc");
      },
      "its word");
  CHECK(test.watches().at(0).state == "watched, but changes made elsewhere are not seen on proc");
}

#ifdef UPSTART_FAULT_POINTS
TEST_CASE("killed at any step, the bridge loses no event and tells none twice") {
  for (const char* step : {"file.watched", "file.looked", "bridge-written", "bridge-written:2", "journal.write:2",
                           "journal.written", "journal.written:2"}) {
    CAPTURE(step);
    FileFixture test;
    test.write("before");
    test.environment = {{"UPSTART_FAULT", step}, {"UPSTART_FAULT_ONCE", test.directory / "died"}};
    test.managed = false;
    test.ask("x", {"FILE=" + test.path("*"), "EVENT=create"});
    test.start();
    auto die = [&] {
      if (fs::exists(test.directory / "died") && !std::exchange(test.managed, true)) {
        (void)test.bridge->wait();
        test.start();
      }
      return test.managed;
    };
    int files = 0;
    test.until(
        [&] {
          if (!die() && files < 100) test.write(std::to_string(files++));
          return test.managed || files == 100;
        },
        "the death");
    test.write("last");
    test.until(
        [&] {
          die();
          return std::ranges::contains(test.events(), "create last");
        },
        "the last event");
    CHECK(test.managed);
    test.until_events(static_cast<std::size_t>(files) + 2);
  }
}
#endif

TEST_CASE("what happens while the broker is too far behind is told once it is not, each file once") {
  FileFixture test;
  std::string deep = ".";
  for (int level = 0; level < 14; ++level) deep += "/" + std::string(250, 'd'); // long events fill the memory soon
  fs::create_directories(test.path(deep));
  deep = fs::path{test.path(deep)}.lexically_normal();
  test.ask("x", {"FILE=" + deep + "/*", "EVENT=create"});
  test.start();
  test.broker.stop();
  constexpr int files = 5'500;
  for (int i = 0; i < files; ++i) std::ofstream{std::format("{}/{}", deep, i)} << "x";
  test.until([&] { return test.watches().at(0).state.contains("nothing is told until the event broker"); },
             "the bridge to fall behind");
  test.broker.start();
  test.until([&] { return test.broker.count() >= files; }, "all files");
  std::set<std::string> told;
  for (std::size_t id = 1; id <= test.broker.count(); ++id) told.insert(test.broker.event(id).env.at(2));
  CHECK(test.broker.count() == files);
  CHECK(told.size() == files);
  CHECK(test.watches().at(0).state == "watched");
  CHECK(content_of(test.output).contains("the event broker is too far behind"));
}

TEST_CASE("a condition that cannot be served is told of with its job") {
  FileFixture test;
  test.ask("x", {"FILE=relative"});
  test.start();
  test.until(
      [&] {
        return content_of(test.output).contains("job x: FILE in its file condition: relative is not an absolute path");
      },
      "its word");
}
