#include "daemons/file-bridge/conditions/file-condition.hpp"

#include <doctest/doctest.h>

using namespace upstart::file_bridge;
using Words = std::vector<std::string>;

namespace {

FileCondition good(const Words& words, const Home& home = {}) {
  auto condition = parse_condition(words, home);
  REQUIRE_MESSAGE(condition, condition.error().message);
  return *condition;
}

std::string bad(const Words& words, const Home& home = {}) {
  auto condition = parse_condition(words, home);
  REQUIRE_FALSE(condition);
  return condition.error().variable + ": " + condition.error().message;
}

} // namespace

TEST_CASE("a file is an absolute path, and each of its changes or one of them is asked for") {
  CHECK(good({"FILE=/run/app.pid", "EVENT=create"}) ==
        FileCondition{"/run/app.pid", Kind::file, "/run/app.pid", "", Change::create});
  CHECK(good({"FILE=/run//./app.pid"}) == FileCondition{"/run//./app.pid", Kind::file, "/run/app.pid", "", {}});
  CHECK(good({"FILE=/a", "EVENT=delete"}).change == Change::remove);
  CHECK(good({"FILE=/a", "EVENT=modify"}).change == Change::modify);
}

TEST_CASE("a slash at the end means a directory") {
  CHECK(good({"FILE=/var/spool/in/"}) == FileCondition{"/var/spool/in/", Kind::directory, "/var/spool/in", "", {}});
  CHECK(good({"FILE=/"}) == FileCondition{"/", Kind::directory, "/", "", {}});
}

TEST_CASE("the last element may be a pattern, which fits names as in a shell") {
  auto condition = good({"FILE=/etc/*.conf", "MATCH=/etc/a*"});
  CHECK(condition == FileCondition{"/etc/*.conf", Kind::matches, "/etc", "*.conf", {}});
  CHECK(fits(condition, "a.conf"));
  CHECK_FALSE(fits(condition, "a.config"));
  CHECK_FALSE(fits(condition, ".hidden.conf"));
  CHECK(good({"FILE=/*"}).path == "/");
  CHECK(bad({"FILE=/a*/b"}).contains("only the last element"));
  CHECK(bad({"FILE=/a/b*/"}).contains("only the last element"));
  CHECK(bad({"FILE=/a/[ab]"}).contains("does not match the value that it is itself"));
}

TEST_CASE("in a session a path may begin at home") {
  const Home home = "/home/me";
  CHECK(good({"FILE=~/x"}, home).path == "/home/me/x");
  CHECK(good({"FILE=./x"}, home).path == "/home/me/x");
  CHECK(good({"FILE=x/y"}, home) == FileCondition{"x/y", Kind::file, "/home/me/x/y", "", {}});
  CHECK(good({"FILE=~/"}, home) == FileCondition{"~/", Kind::directory, "/home/me", "", {}});
  CHECK(good({"FILE=/x"}, home).path == "/x");
  CHECK(bad({"FILE=~bob/x"}, home).contains("another user"));
  CHECK(bad({"FILE=x"}).contains("not an absolute path"));
  CHECK(bad({"FILE=~/x"}).contains("not an absolute path"));
}

TEST_CASE("what cannot be served names the variable and says what would be right") {
  CHECK(bad({}) == "FILE: is missing; a path is needed");
  CHECK(bad({"FILE="}) == "FILE: is empty; a path is needed");
  CHECK(bad({"FILE=/a", "EVENT=created"}).starts_with("EVENT: unknown value created; create, modify or delete"));
  CHECK(bad({"FILE=/a", "PATH=/a"}) == "PATH: not a variable of this event; known are FILE, EVENT, MATCH");
  CHECK(bad({"FILE=$X"}).contains("not known before the job runs"));
  CHECK(bad({"FILE!=/a"}).contains("write KEY=VALUE"));
  CHECK(bad({"/a"}).contains("write KEY=VALUE"));
}
