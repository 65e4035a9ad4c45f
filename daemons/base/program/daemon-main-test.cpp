#include "daemons/base/program/daemon-main.hpp"

#include "daemons/base/file-descriptor.hpp"
#include "daemons/base/program/own-socket.hpp"

#include <CLI/CLI.hpp>
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>

using namespace upstart::base;

namespace {

struct Outcome {
  int status = -1;
  CommonOptions options;
  bool ran = false;
};

Outcome run(std::vector<std::string> words, std::function<int()> work = [] { return 0; }) {
  Outcome outcome;
  DaemonProgram program{.name = "tester", .description = "Tests.", .run = [&](const CommonOptions& options) {
                          outcome.ran = true;
                          outcome.options = options;
                          return work();
                        }};
  words.insert(words.begin(), "upstart-tester");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  outcome.status = run_daemon(program, static_cast<int>(words.size()), argv.data());
  return outcome;
}

} // namespace

TEST_CASE("a daemon is told its run directory, its bus and how much to say") {
  auto outcome = run({"--run-directory", "/run/x", "--bus", "unix:path=/b", "-v"}, [] { return 7; });
  CHECK(outcome.status == 7);
  CHECK(outcome.options.run_directory == "/run/x");
  CHECK(outcome.options.bus == "unix:path=/b");
  CHECK(outcome.options.verbosity == Verbosity::verbose);
  CHECK(run({"--run-directory", "/", "-q"}).options.verbosity == Verbosity::quiet);
  CHECK(run({"--run-directory", "/", "-q", "--debug"}).options.verbosity == Verbosity::debug);
}

TEST_CASE("a wrong command line and a daemon that throws end with status 1, --version and --help with 0") {
  CHECK(run({}).status == 1);
  CHECK(run({"--run-directory", "/", "--no-such-option"}).status == 1);
  CHECK_FALSE(run({"--run-directory", "/", "superfluous"}).ran);
  CHECK(run({"--run-directory", "/"}, []() -> int { throw std::runtime_error("no room"); }).status == 1);
  CHECK(run({"--version"}).status == 0);
  CHECK(run({"--help"}).status == 0);
}

TEST_CASE("a signal that init sends runs its action, and one without an action is left alone") {
  EventLoop loop;
  std::string heard;
  DaemonSignals signals{loop,
                        {.end =
                             [&] {
                               heard += "end ";
                               loop.stop();
                             },
                         .connect_now = [&] { heard += "connect "; }}};
  ::raise(SIGUSR1);
  ::raise(SIGTERM);
  loop.run();
  CHECK((heard == "connect end " || heard == "end connect "));
}

TEST_CASE("a socket that was handed over is used and stays; one that was made is removed at the end") {
  std::string directory = "/tmp/own-socket-test-XXXXXX";
  REQUIRE(::mkdtemp(directory.data()) != nullptr);
  auto path = directory + "/x.sock";
  std::multimap<std::string, FileDescriptor> inherited;
  {
    auto made = OwnSocket::open(inherited, "x", "unix:path=" + path);
    REQUIRE(made);
    CHECK(std::filesystem::exists(path));
    inherited.emplace("x", made->take());
    auto handed = OwnSocket::open(inherited, "x", "unix:path=/nowhere/else");
    REQUIRE(handed);
    CHECK(inherited.empty());
    CHECK(handed->take().get() >= 0);
  }
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK(OwnSocket::open(inherited, "x", "unix:path=/no/such/x.sock").error().contains("/no/such/x.sock"));
  std::filesystem::remove_all(directory);
}
