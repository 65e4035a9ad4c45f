// What the keys of top ask of the daemon, which is initctl's stand-in for it.
#include "clients/initctl/testing/fake-upstart.hpp"
#include "clients/top/upstart/operations.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <sstream>

using namespace upstart;
using namespace upstart::client;

TEST_CASE("what is asked for after a lost connection is another command, and is done") {
  FakeUpstart daemon{{{"a", {}}, {"b", {}}}};
  std::ostringstream out, err;
  ProcessContext context{
      .out = out, .err = err, .variable = [](const std::string&) { return std::nullopt; }, .uid = ::getuid()};
  auto connection = Connection::open({Target::Kind::peer, daemon.address(), {}});
  REQUIRE(connection);
  Upstart upstart{std::move(*connection), context};
  auto start = [&](const std::string& job) {
    return top::command(upstart, {.operation = top::Operation::start, .job = job});
  };
  daemon.lose({Loss::before_answer});
  CHECK_THROWS_AS((void)start("a"), sdbus::Error);
  REQUIRE(upstart.come_back());
  CHECK(start("b") == "start b: requested");
  CHECK(start("a") == "start a: Job is already running: a");
  CHECK(daemon.calls() == std::vector<std::string>{"Start no-wait", "Start no-wait", "Start no-wait"});
  auto tokens = daemon.tokens();
  REQUIRE(tokens.size() == 3);
  CHECK(tokens[0] != tokens[1]);
  CHECK(tokens[1] != tokens[2]);
}
