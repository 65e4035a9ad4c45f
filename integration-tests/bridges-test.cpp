// Bridges that init starts when a job asks for their events, in a whole session: file and timer.
#include "integration-tests/session.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <format>
#include <fstream>
#include <set>
#include <utility>

using namespace upstart::test;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file{path};
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

constexpr const char* job_of_files = "start on file FILE=@DIR@/in/* EVENT=create\ninstance $MATCH\ntask\n"
                                     "exec sh -c 'echo $MATCH >> @DIR@/told'\n";

} // namespace

TEST_CASE("a bridge is there while a job asks for its event, and its event starts the job") {
  Session session{{{"other", "exec sleep 1000\n"}}};
  CHECK(session.daemon("upstart-socket-bridge") == 0);
  CHECK(session.daemon("upstart-file-bridge") == 0);
  session.write("mark.conf", "start on file FILE=@DIR@/mark EVENT=create\nexec sleep 1000\n");
  session.await("the bridge", [&] { return session.initctl({"bridges"}).out.contains("file-bridge serving"); });
  auto told = session.initctl({"explain", "--json", "mark"}).out; // not folded
  CHECK(told.contains("upstart-file-bridge has file " + session.directory() + "/mark (watched since "));
  std::ofstream{session.directory() + "/mark"};
  session.await("/jobs/mark/_ StateChanged running");
  session.initctl({"stop", "mark"});
  session.remove("mark.conf");
  session.await("the end of the bridge", [&] { return session.daemon("upstart-file-bridge") == 0; });
  CHECK(session.initctl({"bridges"}).out.contains("file-bridge not running"));
}

TEST_CASE("of a condition that can never come true explain names file and line, also those of an override") {
  Session session{{{"svc", "description \"x\"\nstart on file FILE=@DIR@/a EVENT=made\nexec true\n"}}};
  auto told = [&] { return session.initctl({"explain", "--json", "svc"}).out; }; // not folded
  CHECK(told().contains("/svc.conf:2\""));
  session.write("svc.override", "author \"y\"\n\nstart on (started nosuch\n  or go)\n");
  session.await("the override", [&] { return told().contains("there is no job nosuch"); });
  CHECK(told().contains("/svc.override:3\""));
  CHECK(session.initctl({"explain", "svc"}).out.contains("svc.override:3)"));
}

TEST_CASE("each file is told once while bridge, broker and supervisor are killed one after the other") {
  Session session{{{"take", job_of_files}}};
  auto in = session.directory() + "/in";
  fs::create_directory(in);
  session.await("the bridge", [&] { return session.initctl({"bridges"}).out.contains("file-bridge serving"); });
  constexpr int files = 90;
  auto told_so_far = [&] { return lines_of(session.directory() + "/told"); };
  for (int i = 0; i < files; ++i) {
    std::ofstream{std::format("{}/{}", in, i)};
    if (i % 10 != 5) continue;
    constexpr const char* victims[]{"upstart-file-bridge", "upstart-event-broker", "upstart-job-supervisor"};
    const auto* victim = victims[i / 10 % 3];
    // A supervisor that dies between a fork and its record of it may run a process that was as short as this one again.
    if (victim == victims[2]) session.await("quiet", [&] { return std::cmp_equal(told_so_far().size(), i + 1); });
    session.kill_daemon(victim);
  }
  session.await("all files", [&] { return lines_of(session.directory() + "/told").size() >= files; });
  std::ofstream{in + "/last"};
  session.await("the last file",
                [&] { return std::ranges::contains(lines_of(session.directory() + "/told"), in + "/last"); });
  auto told = lines_of(session.directory() + "/told");
  CHECK(told.size() == files + 1);
  CHECK(std::set<std::string>{told.begin(), told.end()}.size() == told.size());
}

TEST_CASE("a timer starts its job some time after an event, and is listed until then") {
  Session session{{{"late", "start on timer AFTER=go DELAY=1s\nexec sleep 1000\n"},
                   {"daily", "start on timer AT=03:30\nexec true\n"}}};
  session.await("the timers", [&] { return session.initctl({"timers"}).out.contains("AT=03:30"); });
  session.initctl({"emit", "go"});
  session.await("/jobs/late/_ StateChanged running");
  CHECK(session.initctl({"timers"}).out.contains("AFTER=go DELAY=1s"));
  // The event is heard of already; one that came before this job counts for it, too.
  session.write("later.conf", "start on timer AFTER=go DELAY=5s\nexec sleep 1000\n");
  session.await("/jobs/later/_ StateChanged running");
}

TEST_CASE("on the bus that init has started, a bridge that no job asks for is there for whoever calls it") {
  Session session{{}, {.own_bus = false}};
  auto bus = std::format("--address=unix:path={}/xdg/upstart/{}/bus", session.directory(), session.init_pid());
  CHECK(session.daemon("upstart-socket-bridge") == 0);
  auto outcome = session.run({"busctl", bus, "call", "com.ubuntu.Upstart.SocketBridge",
                              "/com/ubuntu/Upstart/SocketBridge", "com.ubuntu.Upstart.SocketBridge1", "ListSockets"});
  CHECK_MESSAGE(outcome.status == 0, outcome.err);
  CHECK(session.daemon("upstart-socket-bridge") != 0);
}

TEST_CASE("a bridge is started by hand by its name, and another name is refused with those that are known") {
  Session session{{}};
  CHECK(session.initctl({"bridges", "--start", "timer-bridge"}).status == 0);
  session.await("the bridge", [&] { return session.initctl({"bridges"}).out.contains("timer-bridge idle"); });
  auto refused = session.initctl({"bridges", "--start", "clock"});
  CHECK(refused.status == 1);
  CHECK(refused.err.starts_with("initctl: Unknown bridge: clock (known are socket-bridge, "));
}
