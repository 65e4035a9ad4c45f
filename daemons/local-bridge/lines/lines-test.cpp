#include "daemons/local-bridge/lines/line-event.hpp"
#include "daemons/local-bridge/lines/line-splitter.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace upstart::local_bridge;
using Words = std::vector<std::string>;

namespace {

// What comes out: the lines, and "too long".
struct Lines {
  LineSplitter splitter;
  Words seen;
  LineSplitter::Sink sink{.line = [this](std::string_view line) { seen.emplace_back(line); },
                          .too_long = [this] { seen.emplace_back("too long"); }};
};

const Origin named{.path = "/run/x", .uid = 1, .gid = 2, .pid = 3};

std::string fault(std::string_view line) {
  auto environment = environment_of(line, named);
  return environment ? "" : environment.error();
}

} // namespace

TEST_CASE("lines come out whole, however they come in, and the last one at the end") {
  Lines lines;
  for (const char* part : {"A=", "1\nB=2\n", "\n", "C=3", "\nD=", "4"}) lines.splitter.take(part, lines.sink);
  CHECK(lines.seen == Words{"A=1", "B=2", "C=3"});
  lines.splitter.end(lines.sink);
  CHECK(lines.seen.back() == "D=4");
  lines.splitter.end(lines.sink);
  CHECK(lines.seen.size() == 4);
}

TEST_CASE("a line that is too long is skipped, told once, and the next one is taken") {
  Lines lines;
  lines.splitter.take(std::string(LineSplitter::longest, 'x') + "\n", lines.sink);
  CHECK(lines.seen.at(0).size() == LineSplitter::longest);
  for (int i = 0; i < 10; ++i) lines.splitter.take(std::string(LineSplitter::longest, 'y'), lines.sink);
  lines.splitter.take("\nA=1\n", lines.sink);
  CHECK(lines.seen.size() == 3);
  CHECK(lines.seen.at(1) == "too long");
  CHECK(lines.seen.at(2) == "A=1");
}

TEST_CASE("a line makes the environment of an event, the bridge's variables first") {
  CHECK(environment_of("A=1 2=3", named)->strings() == Words{"SOCKET_TYPE=unix", "SOCKET_VARIANT=named", "CLIENT_UID=1",
                                                             "CLIENT_GID=2", "CLIENT_PID=3", "SOCKET_PATH=/run/x",
                                                             "A=1 2=3"});
  CHECK(environment_of("A=", {.path = "@x"})->get("SOCKET_VARIANT") == "abstract");
}

TEST_CASE("a malformed line is refused, with what is wrong") {
  CHECK(fault("A") == "it has no `='; NAME=VALUE is needed");
  CHECK(fault("=1").starts_with("what comes before `=' is no name"));
  CHECK(fault("A B=1").starts_with("what comes before `=' is no name"));
  CHECK(fault("1A=1").starts_with("what comes before `=' is no name"));
  CHECK(fault("CLIENT_UID=0") == "the bridge itself says that variable");
  CHECK(fault(std::string_view{"A=\0", 3}) == "it has a byte of value 0");
}
