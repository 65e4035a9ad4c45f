// A daemon is killed while clients wait for it: what they hear, and what becomes of what they asked for.
#include "integration-tests/bench/bus.hpp"
#include "integration-tests/session.hpp"

#include <doctest/doctest.h>

#include <signal.h>

#include <format>
#include <fstream>
#include <future>

using namespace upstart::test;
using upstart::bench::Bus;

namespace {

constexpr const char* supervisor = "upstart-job-supervisor";
// A job whose pre-start notes that it runs, waits until somebody opens the gate, and fails if that says so.
constexpr const char* slow = "start on go\n"
                             "pre-start script\n"
                             "  echo ran >>@DIR@/runs\n"
                             "  read answer <@DIR@/gate\n"
                             "  test $answer = yes\n"
                             "end script\n"
                             "exec sleep 1000\n";

struct SlowSession : Session {
  SlowSession() : Session{std::map<std::string, std::string>{{"slow", slow}}} {
    REQUIRE(run({"mkfifo", directory() + "/gate"}).status == 0);
  }
  void open_gate(const std::string& answer = "yes") { std::ofstream{directory() + "/gate"} << answer << std::endl; }
  void await_run() {
    await("pre-start runs", [&] { return !runs().empty(); });
  }
  [[nodiscard]] std::string runs() const { return read_file(directory() + "/runs"); }
};

void kill_supervisor(Session& session) { session.kill_daemon(supervisor); }

Bus connect(const std::string& address, bool is_bus) {
  sd_bus* made = nullptr;
  REQUIRE(sd_bus_new(&made) >= 0);
  Bus bus{made, &sd_bus_close_unref};
  REQUIRE(sd_bus_set_bus_client(made, is_bus ? 1 : 0) >= 0);
  REQUIRE(sd_bus_set_address(made, address.c_str()) >= 0);
  REQUIRE(sd_bus_start(made) >= 0);
  return bus;
}

int keep_error(sd_bus_message* reply, void* error, sd_bus_error*) {
  const auto* found = sd_bus_message_get_error(reply);
  *static_cast<std::string*>(error) = found != nullptr ? found->name : "no error";
  return 1;
}

// What a client that is not ours hears of its start of the slow job when the supervisor is killed meanwhile.
std::string heard(SlowSession& session, const std::string& address, bool is_bus) {
  auto bus = connect(address, is_bus);
  std::string error;
  REQUIRE(sd_bus_call_method_async(bus.get(), nullptr, is_bus ? "com.ubuntu.Upstart" : nullptr,
                                   "/com/ubuntu/Upstart/jobs/slow", "com.ubuntu.Upstart0_6.Job", "Start", keep_error,
                                   &error, "asb", 0, 1) >= 0);
  REQUIRE(sd_bus_flush(bus.get()) >= 0);
  session.await_run();
  kill_supervisor(session);
  auto killed = std::chrono::steady_clock::now();
  while (error.empty() && sd_bus_process(bus.get(), nullptr) >= 0)
    if (error.empty()) sd_bus_wait(bus.get(), 100'000);
  CHECK(std::chrono::steady_clock::now() - killed < std::chrono::seconds{5}); // at once, on an idle machine
  session.open_gate();
  return error;
}

} // namespace

TEST_CASE("a client that is not ours hears at once that the supervisor died under its call: on the private socket") {
  SlowSession session;
  CHECK(heard(session, session.address(), false) == "org.freedesktop.DBus.Error.NoReply");
}

TEST_CASE("a client that is not ours hears at once that the supervisor died under its call: on the bus") {
  SlowSession session;
  CHECK(heard(session, session.bus_address(), true) == "org.freedesktop.DBus.Error.NoReply");
}

TEST_CASE("questions are answered although the supervisor is killed again and again") {
  Session session{std::map<std::string, std::string>{{"svc", "start on never\nexec sleep 1000\n"}}};
  for (int i = 0; i < 5; ++i) {
    kill_supervisor(session);
    CHECK(session.initctl({"status", "svc"}).out == "svc stop/waiting\n");
    CHECK(session.initctl({"list"}).status == 0);
    kill_supervisor(session);
    CHECK(session.initctl({"--session", "status", "svc"}).out == "svc stop/waiting\n");
  }
}

TEST_CASE("a start that waits while the supervisor is killed is done once, and answered when the job is there") {
  SlowSession session;
  auto start = std::async(std::launch::async, [&] { return session.initctl({"start", "slow"}); });
  session.await_run();
  kill_supervisor(session);
  session.open_gate();
  auto outcome = start.get();
  CHECK(outcome.out.starts_with("slow start/running, process "));
  CHECK(outcome.status == 0);
  CHECK(session.runs() == "ran\n");
}

TEST_CASE(
    "an emit that waits while supervisor and broker are killed is handled once, and answered when the job is there") {
  SlowSession session;
  auto emit = std::async(std::launch::async, [&] { return session.initctl({"emit", "go"}); });
  session.await_run();
  kill_supervisor(session);
  session.kill_daemon("upstart-event-broker");
  session.open_gate();
  auto outcome = emit.get();
  CHECK(outcome.err == "");
  CHECK(outcome.status == 0);
  CHECK(session.initctl({"status", "slow"}).out.starts_with("slow start/running, process "));
  CHECK(session.runs() == "ran\n");
}

TEST_CASE("a start that fails after the supervisor was killed fails, with the words of the original") {
  SlowSession session;
  auto start = std::async(std::launch::async, [&] { return session.initctl({"start", "slow"}); });
  session.await_run();
  kill_supervisor(session);
  session.open_gate("no");
  auto outcome = start.get();
  CHECK(outcome.err.contains("Job failed to start"));
  CHECK(outcome.status == 1);
  CHECK(session.runs() == "ran\n");
}

TEST_CASE("a call on the session's own bus that comes while there is no supervisor is answered by the next") {
  Session session{{{"svc", "exec sleep 1000\n"}}, {.own_bus = false}};
  auto address = std::format("--address=unix:path={}/xdg/upstart/{}/bus", session.directory(), session.init_pid());
  auto of_bus = [&](const std::string& question) {
    return session.run({"busctl", address, "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                        "org.freedesktop.DBus", question, "s", "com.ubuntu.Upstart"});
  };
  session.await("its name", [&] { return of_bus("NameHasOwner").out == "b true\n"; });
  auto bus = session.daemon("dbus-daemon");
  REQUIRE(::kill(session.init_pid(), SIGSTOP) == 0); // it starts nobody
  session.kill_daemon(supervisor);
  session.await("its name is free", [&] { return of_bus("NameHasOwner").out == "b false\n"; });
  auto call = std::async(std::launch::async, [&] {
    return session.run({"busctl", address, "call", "com.ubuntu.Upstart", "/com/ubuntu/Upstart", "com.ubuntu.Upstart0_6",
                        "GetJobByName", "s", "svc"});
  });
  auto children = std::format("/proc/{0}/task/{0}/children", bus); // the bus asks for the supervisor
  session.await("the call", [&] {
    return !read_file(children).empty() || call.wait_for(std::chrono::seconds{0}) == std::future_status::ready;
  });
  ::kill(session.init_pid(), SIGCONT);
  auto outcome = call.get();
  CHECK_MESSAGE(outcome.status == 0, outcome.err);
  CHECK(outcome.out == "o \"/com/ubuntu/Upstart/jobs/svc\"\n");
  session.await("the bus has asked", [&] { return read_file(children).empty(); });
  CHECK_FALSE(session.messages().contains("(upstart ")); // what asks for the supervisor prints nothing
}
