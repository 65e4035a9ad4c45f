// A daemon is killed while clients wait for it: what they hear, and what becomes of what they asked for.
#include "integration-tests/bench/bus.hpp"
#include "integration-tests/session.hpp"

#include <doctest/doctest.h>

#include <signal.h>

#include <fstream>

using namespace upstart::test;
using upstart::bench::Bus;

namespace {

constexpr const char* supervisor = "upstart-job-supervisor";
// A job whose pre-start waits until somebody opens the gate, and counts how often it ran.
constexpr const char* slow =
    "pre-start script\n  echo ran >>@DIR@/runs\n  cat @DIR@/gate\nend script\nexec sleep 1000\n";

struct SlowSession : Session {
  SlowSession() : Session{std::map<std::string, std::string>{{"slow", slow}}} {
    REQUIRE(run({"mkfifo", directory() + "/gate"}).status == 0);
  }
  void open_gate() { std::ofstream{directory() + "/gate"}; }
  void await_run() {
    await("pre-start runs", [&] { return !runs().empty(); });
  }
  [[nodiscard]] std::string runs() const { return read_file(directory() + "/runs"); }
};

void kill_supervisor(const Session& session) {
  auto pid = session.daemon(supervisor);
  REQUIRE(pid > 0);
  REQUIRE(::kill(pid, SIGKILL) == 0);
}

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
