// Masters and slaves as real programs, with real clients.
#include "daemons/socket-bridge/sharing/options.hpp"
#include "daemons/socket-bridge/testing/client.hpp"
#include "daemons/socket-bridge/testing/fixture.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

using namespace upstart;
using namespace upstart::socket_bridge;
using namespace upstart::socket_bridge::testing;

namespace {

struct SharingFixture {
  TemporaryDirectory directory;
  base::EventLoop loop;
  Supervisor supervisor{loop, directory.path()};
  Broker broker{loop, directory.path()};
  std::string path = directory / "s", socket = "unix:" + path;
  std::string output = directory / "output";

  Process::Plan plan(Strings words, std::map<std::string, std::string> environment = {}) {
    words.insert(words.begin(), SOCKET_BRIDGE);
    environment["PATH"] = "/usr/bin:/bin";
    return {.command = std::move(words), .environment = std::move(environment), .descriptors = {}, .output = output};
  }
  Process run(Strings words) { return Process{plan(std::move(words))}; }
  int status_of(Strings words) { return run(std::move(words)).wait(); }

  Process master(Strings options = {}) {
    Strings words{"--master", "--verbose", "--run-directory", directory.path()};
    words.insert(words.end(), options.begin(), options.end());
    words.push_back(path);
    auto process = run(words);
    until([&] { return bool{connect_to(socket + ".master")}; }, "a master");
    return process;
  }
  // Answers each client with the word and closes.
  Process slave(const std::string& word, Strings options = {}, std::map<std::string, std::string> environment = {}) {
    Strings words{"--slave", "--accept", "--verbose"};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {path, "--", "printf", word});
    auto before = attached();
    auto process = Process{plan(words, std::move(environment))};
    until([&] { return attached() > before; }, "a slave");
    return process;
  }
  std::size_t attached() const {
    auto text = content_of(output);
    std::size_t count = 0;
    for (auto at = text.find("is attached"); at != std::string::npos; at = text.find("is attached", at + 1)) ++count;
    return count;
  }
  std::string ask() {
    auto client = connect_to(socket);
    return client ? receive_text(client) : "refused";
  }
  void until(const std::function<bool()>& condition, const char* what) {
    bool late = false;
    base::Timer limit{loop, [&] { late = true; }};
    base::Timer look{loop, [] {}};
    limit.start(15s);
    look.start_repeating(5ms);
    while (!condition() && !late) loop.run_once();
    if (!condition()) MESSAGE("output:\n" << content_of(output));
    REQUIRE_MESSAGE(condition(), what);
  }
};

} // namespace

TEST_CASE("each slave of a master becomes its command, with the listening descriptor by both conventions") {
  SharingFixture test;
  auto master = test.master();
  auto slave =
      test.run({"--slave", test.path, "--", "sh", "-c",
                "echo $UPSTART_FDS $LISTEN_FDS $LISTEN_FDNAMES; [ $LISTEN_PID = $$ ] && echo mine; sleep 20 <&3"});
  test.until([&] { return content_of(test.output).contains("3 1 s\nmine\n"); }, "the variables");
  CHECK(connect_to(test.socket));
}

TEST_CASE("two slaves that run a program for each connection accept from one queue, where the master does not") {
  SharingFixture test;
  auto master = test.master();
  auto one = test.slave("hello"), other = test.slave("hello");
  for (int i = 0; i < 10; ++i) CHECK(test.ask() == "hello");
  one.end(SIGKILL);
  for (int i = 0; i < 10; ++i) CHECK(test.ask() == "hello");
}

TEST_CASE("a master that accepts gives connections in turn, and to those that are left when a slave dies") {
  SharingFixture test;
  auto master = test.master({"--accept", "--policy", "round-robin"});
  auto one = test.slave("one"), other = test.slave("two");
  CHECK(test.ask() == "one");
  CHECK(test.ask() == "two");
  CHECK(test.ask() == "one");
  other.end(SIGKILL);
  for (int i = 0; i < 3; ++i) CHECK(test.ask() == "one");
}

TEST_CASE("a connection that a slave has not taken when it dies goes to another") {
  SharingFixture test;
  auto master = test.master({"--accept", "--policy", "round-robin"});
  auto one = test.slave("one"), other = test.slave("two");
  one.pause();
  auto client = connect_to(test.socket);
  CHECK(test.ask() == "two");
  one.end(SIGKILL);
  CHECK(receive_text(client) == "two");
}

TEST_CASE("the slave with the fewest open connections gets the next one") {
  SharingFixture test;
  auto master = test.master({"--accept"});
  Strings words{"--slave", "--accept", test.path, "--", "sh", "-c", "printf \"$0\"; read line", "first"};
  auto first = test.run(words);
  test.until([&] { return test.attached() == 1; }, "a slave");
  auto long_one = connect_to(test.socket);
  CHECK(receive_text(long_one) == "first");
  auto second = test.slave("second");
  CHECK(test.ask() == "second");
}

TEST_CASE("slaves take no more at a time than they say, and clients wait") {
  SharingFixture test;
  auto master = test.master({"--accept"});
  auto slave =
      test.run({"--slave", "--accept", "--max-connections", "1", test.path, "--", "sh", "-c", "printf x; read line"});
  test.until([&] { return test.attached() == 1; }, "a slave");
  auto first = connect_to(test.socket);
  CHECK(receive_text(first) == "x");
  auto second = connect_to(test.socket), third = connect_to(test.socket);
  first.reset();
  CHECK(receive_text(second) == "x");
  second.reset();
  CHECK(receive_text(third) == "x");
}

TEST_CASE("over --max-connections a client is closed at once, and that is told") {
  SharingFixture test;
  auto master = test.master({"--accept", "--max-connections", "1"});
  auto slave = test.run({"--slave", "--accept", test.path, "--", "sh", "-c", "printf x; read line"});
  test.until([&] { return test.attached() == 1; }, "a slave");
  auto first = connect_to(test.socket);
  CHECK(receive_text(first) == "x");
  CHECK(test.ask() == "");
  CHECK(content_of(test.output).contains("is refused: 1 are open, as many as --max-connections allows"));
}

TEST_CASE("without a slave a connection is an event with it and its number") {
  SharingFixture test;
  auto master = test.master({"--accept"});
  auto client = connect_to(test.socket);
  test.until([&] { return test.broker.count() == 1; }, "an event");
  auto& event = test.broker.event(1);
  CHECK(event.name == "socket");
  CHECK(event.env == Strings{"PROTO=unix", "SOCKET_PATH=" + test.path, "CONNECTION=1"});
  REQUIRE(event.files.size() == 1);
  send_text(event.files[0], "served");
  CHECK(receive_text(client) == "served");
}

TEST_CASE("a named instance is started with the connection, or gets it where a slave runs in it") {
  SharingFixture test;
  auto master = test.master({"--accept", "--instance", "web/1", "--policy", "round-robin"});
  auto client = connect_to(test.socket);
  test.until([&] { return test.supervisor.started().size() == 1; }, "a start");
  CHECK(test.supervisor.started()[0].first == "web/1");
  send_text(test.supervisor.started()[0].second, "served");
  CHECK(receive_text(client) == "served");
  auto slave = test.slave("slave", {}, {{"UPSTART_JOB", "web"}, {"UPSTART_INSTANCE", "1"}});
  CHECK(test.ask() == "slave");
  CHECK(test.supervisor.started().size() == 1);
}

TEST_CASE("a connection for instances that run waits until one does not") {
  SharingFixture test;
  auto master = test.master({"--accept", "--instance", "web"});
  test.supervisor.set_running(true);
  auto client = connect_to(test.socket);
  test.until([&] { return test.supervisor.times_busy() > 2; }, "attempts");
  test.supervisor.set_running(false);
  test.until([&] { return test.supervisor.started().size() == 1; }, "a start");
}

TEST_CASE("a slave alone serves one connection after another on its standard input and output") {
  SharingFixture test;
  auto master = test.master({"--accept"});
  auto slave = Process{
      {.command = {"sh", "-c", std::string{"(echo hello; exec sleep 20) | "} + SOCKET_BRIDGE + " --slave " + test.path},
       .environment = {{"PATH", "/usr/bin:/bin"}},
       .descriptors = {},
       .output = test.output}};
  test.until([&] { return test.attached() == 1; }, "a slave");
  auto client = connect_to(test.socket);
  send_text(client, "to the slave\n");
  CHECK(receive_text(client) == "hello\n");
  client.reset();
  test.until([&] { return content_of(test.output).contains("to the slave\n"); }, "what the client said");
  auto second = connect_to(test.socket);
  send_text(second, "again\n");
  second.reset();
  test.until([&] { return content_of(test.output).contains("again\n"); }, "what the second client said");
}

TEST_CASE(
    "a slave alone ends with status 0 at TERM and INT, idle or with a connection, whether the master accepts or not") {
  for (const auto& options : {Strings{}, Strings{"--accept"}})
    for (int signal : {SIGTERM, SIGINT})
      for (bool connected : {false, true}) {
        CAPTURE(options);
        CAPTURE(signal);
        CAPTURE(connected);
        SharingFixture test;
        auto master = test.master(options);
        auto input = test.directory / "input";
        REQUIRE(::mkfifo(input.c_str(), 0600) == 0);
        auto slave =
            Process{{.command = {"sh", "-c", "exec \"$0\" --slave \"$1\" <> \"$2\"", SOCKET_BRIDGE, test.path, input},
                     .environment = {{"PATH", "/usr/bin:/bin"}},
                     .descriptors = {},
                     .output = test.output}};
        test.until([&] { return test.attached() == 1; }, "a slave");
        auto client = connected ? connect_to(test.socket) : base::FileDescriptor{};
        if (connected) {
          send_text(client, "served\n");
          test.until([&] { return content_of(test.output).contains("served\n"); }, "what the client said");
        }
        CHECK(slave.end(signal) == 0);
      }
}

TEST_CASE("a child that a slave had before does not count as a connection") {
  SharingFixture test;
  auto master = test.master();
  auto slave =
      Process{{.command = {"sh", "-c", "true & exec \"$0\" --slave --accept --max-connections 1 \"$1\" -- printf x",
                           SOCKET_BRIDGE, test.path},
               .environment = {{"PATH", "/usr/bin:/bin"}},
               .descriptors = {},
               .output = test.output}};
  test.until([&] { return test.attached() == 1; }, "a slave");
  for (int i = 0; i < 3; ++i) CHECK(test.ask() == "x");
}

TEST_CASE("a master finds the broker of its session by either address of the session") {
  for (const auto& address : {"unix:abstract=/com/ubuntu/upstart-session/0/77",
                              "unix:abstract=/com/ubuntu/upstart-session/0/77/0123456789abcdef"}) {
    CAPTURE(address);
    SharingFixture test;
    auto runtime = test.directory / "runtime";
    std::filesystem::create_directories(runtime + "/upstart");
    std::filesystem::create_directory_symlink(test.directory.path(), runtime + "/upstart/77");
    auto master = Process{
        test.plan({"--master", "--accept", test.path}, {{"UPSTART_SESSION", address}, {"XDG_RUNTIME_DIR", runtime}})};
    test.until([&] { return bool{connect_to(test.socket + ".master")}; }, "a master");
    auto client = connect_to(test.socket);
    test.until([&] { return test.broker.count() == 1; }, "an event");
  }
}

TEST_CASE("without a master a slave says so and exits 1, or waits for one") {
  SharingFixture test;
  CHECK(test.status_of({"--slave", test.path, "--", "true"}) == 1);
  CHECK(content_of(test.output).contains("there is no master of " + test.socket));
  auto slave = test.run({"--slave", "--accept", "--wait", test.path, "--", "printf", "waited"});
  auto master = test.master({"--accept"});
  test.until([&] { return test.attached() == 1; }, "the slave");
  CHECK(test.ask() == "waited");
}

TEST_CASE("a master takes over a stale socket and refuses one that is alive") {
  SharingFixture test;
  { auto stale = listen_on(test.socket); }
  CHECK(std::filesystem::exists(test.path));
  auto master = test.master();
  CHECK(test.status_of({"--master", test.path}) == 1);
  CHECK(content_of(test.output).contains(" listens on " + test.path));
  CHECK(master.end(SIGTERM) == 0);
  CHECK_FALSE(std::filesystem::exists(test.path));
  CHECK_FALSE(std::filesystem::exists(test.path + ".master"));
}

TEST_CASE(
    "a master takes the socket back from the slaves of one that was killed, and refuses that of another program") {
  SharingFixture test;
  auto first = test.master();
  auto becomes = test.run({"--slave", test.path, "--", "sh", "-c", "echo became; exec sleep 20"});
  test.until([&] { return content_of(test.output).contains("became"); }, "a slave");
  first.end(SIGKILL);
  auto second = test.master();
  CHECK(content_of(test.output).contains("it is taken back"));
  CHECK(test.status_of({"--master", test.path}) == 1);
  becomes.end(SIGKILL);
  auto slave = test.slave("served");
  CHECK(test.ask() == "served");
  second.end(SIGKILL);
  slave.end(SIGKILL);
  std::filesystem::remove(test.path);
  auto other = listen_on(test.socket);
  CHECK(test.status_of({"--master", test.path}) == 1);
  CHECK(connect_to(test.socket));
}

TEST_CASE("with --fork the foreground process ends when the master is ready, and its status says whether that worked") {
  SharingFixture test;
  CHECK(test.status_of({"--master", "--daemon", test.path}) == 0);
  CHECK(connect_to(test.socket));
  CHECK(test.status_of({"--master", "--fork", test.path}) == 1);
  auto control = connect_to(test.socket + ".master");
  ucred master{};
  socklen_t size = sizeof master;
  REQUIRE(::getsockopt(control.get(), SOL_SOCKET, SO_PEERCRED, &master, &size) == 0);
  REQUIRE(master.pid > 1);
  CHECK(::kill(master.pid, SIGTERM) == 0);
  test.until([&] { return !std::filesystem::exists(test.path); }, "the end");
}

TEST_CASE("a wrong command line of a master or slave is refused with what is wrong") {
  SharingFixture test;
  struct Example {
    Strings words;
    const char* why;
  };
  for (const auto& [words, why] : std::vector<Example>{
           {{"--master", "--slave", "/x"}, "either --master or --slave"},
           {{"--master", "relative"}, "relative is no socket"},
           {{"--master", "--policy", "random", "/x"}, "unknown policy random"},
           {{"--master", "--instance", "web", "/x"}, "add --accept"},
           {{"--master", "--wait", "/x"}, "--wait is for a slave"},
           {{"--slave", "--accept", "/x"}, "needs the COMMAND"},
           {{"--slave", "--fork", "/x"}, "cannot go to the background"},
           {{"--master"}, "SOCKET_PATH is required"},
           {{"--master", "inet-dgram:127.0.0.1:53"}, "a stream socket is needed"},
       }) {
    CAPTURE(why);
    CHECK(test.status_of(words) == 1);
    CHECK(content_of(test.output).contains(why));
  }
  CHECK(test.status_of({"--master", "--help"}) == 0);
  CHECK(content_of(test.output).contains("--max-connections"));
}
