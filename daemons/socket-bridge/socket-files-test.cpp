// What happens to the files of sockets, with the real program between stand-ins.
#include "daemons/socket-bridge/testing/client.hpp"
#include "daemons/socket-bridge/testing/fixture.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

using namespace upstart;
using namespace upstart::socket_bridge;
using namespace upstart::socket_bridge::testing;
using namespace std::chrono_literals;

TEST_CASE("a socket whose file the job removed is opened anew") {
  SocketBridgeFixture test;
  auto path = test.directory / "s";
  test.supervisor.set_job("db", unix_path(path));
  test.start();
  auto client = connect_to("unix:" + path);
  test.until_events(1);
  test.job_runs("db", 1);
  CHECK(accept_on(test.broker.event(1).files[0].get()));
  test.until_state("unix:" + path, "handed-over");
  std::filesystem::remove(path);
  test.supervisor.set_active("db", 0);
  test.until([&] { return bool{connect_to("unix:" + path)}; }, "the path again");
}

TEST_CASE("a socket's file that somebody removes while nobody has the socket is made again at once, and told") {
  SocketBridgeFixture test;
  auto path = test.directory / "s";
  test.supervisor.set_job("db", unix_path(path));
  test.start();
  test.until([&] { return bool{connect_to("unix:" + path)}; }, "the socket");
  SUBCASE("the file") { std::filesystem::remove(path); }
  SUBCASE("its name") { std::filesystem::rename(path, path + ".old"); }
  test.until([&] { return bool{connect_to("unix:" + path)}; }, "the path again");
  CHECK(content_of(test.output).contains("unix:" + path + ": clients do not reach it any more"));
}

TEST_CASE("a directory that was removed with the socket in it is made again as it was") {
  SocketBridgeFixture test;
  auto directory = test.directory / "d";
  std::filesystem::create_directory(directory);
  ::chmod(directory.c_str(), 0750);
  auto path = directory + "/s";
  test.supervisor.set_job("db", unix_path(path));
  test.start();
  test.until([&] { return bool{connect_to("unix:" + path)}; }, "the socket");
  SUBCASE("removed") {
    test.bridge->pause(); // it would make the file again before the directory is removed
    std::filesystem::remove_all(directory);
    test.bridge->resume();
  }
  SUBCASE("renamed") { std::filesystem::rename(directory, directory + ".old"); }
  test.until([&] { return bool{connect_to("unix:" + path)}; }, "the path again");
  struct stat made{};
  REQUIRE(::stat(directory.c_str(), &made) == 0);
  CHECK((made.st_mode & 07777) == 0750);
  CHECK(content_of(test.output).contains("the directory " + directory + " was gone and is made again"));
}

TEST_CASE("a file that is removed while a job has the socket is made again, unless the job has put its own there") {
  SocketBridgeFixture test;
  auto path = test.directory / "s";
  test.supervisor.set_job("db", unix_path(path));
  test.start();
  auto client = connect_to("unix:" + path);
  test.until_events(1);
  test.job_runs("db", 1);
  test.until_state("unix:" + path, "handed-over");
  std::filesystem::remove(path);
  SUBCASE("nothing is there") {
    test.until([&] { return bool{connect_to("unix:" + path)}; }, "the path again");
    CHECK(content_of(test.output).contains("job db has the old one"));
  }
  SUBCASE("its own is there") {
    auto own = listen_on("unix:" + path);
    auto inode = inode_of(path);
    test.supervisor.set_active("db", 0); // looked at now, if not before
    test.until([&] { return content_of(test.output).contains("cannot be served"); }, "a message");
    CHECK(inode_of(path) == inode);
  }
}

TEST_CASE("a socket of any kind that the job shut down for all is opened anew, with no event of its own") {
  SocketBridgeFixture test;
  auto port = free_port();
  auto udp = free_port();
  auto path = test.directory / "s";
  struct Kind {
    std::string job, address;
    Strings match;
  };
  for (const auto& kind :
       std::vector<Kind>{{"web", inet_address(port), inet(port).front()},
                         {"file", "unix:" + path, unix_path(path).front()},
                         {"name", "abstract:" + path, unix_path("@" + path).front()},
                         {"log",
                          "unix-dgram:" + path + ".log",
                          {"socket", "PROTO=unix", "SOCKET_PATH=" + path + ".log", "TYPE=dgram"}},
                         {"time",
                          std::format("inet-dgram:127.0.0.1:{}", udp),
                          {"socket", "PROTO=inet", std::format("PORT={}", udp), "ADDR=127.0.0.1", "TYPE=dgram"}}})
    SUBCASE(kind.job.c_str()) {
      test.supervisor.set_job(kind.job, {kind.match});
      test.start();
      send_text(connect_to(kind.address), "one");
      test.until_events(1);
      test.job_runs(kind.job, 1);
      test.until_state(kind.address, "handed-over");
      ::shutdown(test.broker.event(1).files[0].get(), SHUT_RDWR);
      test.broker.event(1).files.clear();
      test.supervisor.set_active(kind.job, 0);
      test.until([&] { return content_of(test.output).contains("it was shut down; it is made again"); }, "a warning");
      test.until_state(kind.address, "listening");
      CHECK(test.broker.count() == 1);
      send_text(connect_to(kind.address), "two");
      test.until_events(2);
      CHECK_FALSE(content_of(test.output).contains("error: "));
    }
}
