// The event broker is killed while clients wait for events that tasks handle: each gets its answer, each task runs
// once.
#include "integration-tests/session.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <fstream>

using namespace upstart::test;

namespace {

// A client on the private socket that emits many events at once and waits for each.
class WaitingClient {
public:
  explicit WaitingClient(const std::string& address) {
    REQUIRE(sd_bus_new(&bus_) >= 0);
    REQUIRE(sd_bus_set_address(bus_, address.c_str()) >= 0);
    REQUIRE(sd_bus_start(bus_) >= 0);
    REQUIRE(sd_bus_set_method_call_timeout(bus_, UINT64_MAX) >= 0);
  }
  ~WaitingClient() { sd_bus_close_unref(bus_); }
  WaitingClient(const WaitingClient&) = delete;
  WaitingClient& operator=(const WaitingClient&) = delete;

  void emit(const std::string& name, const std::string& variable) {
    auto answered = [](sd_bus_message* reply, void* self, sd_bus_error*) {
      auto& client = *static_cast<WaitingClient*>(self);
      ++client.answers;
      if (const auto* error = sd_bus_message_get_error(reply)) client.errors.emplace_back(error->message);
      return 0;
    };
    REQUIRE(sd_bus_call_method_async(bus_, nullptr, nullptr, "/com/ubuntu/Upstart", "com.ubuntu.Upstart0_6",
                                     "EmitEvent", answered, this, "sasb", name.c_str(), 1, variable.c_str(), 1) >= 0);
  }
  // Until so many calls have been answered; false after a minute in which none was.
  bool await(int count) {
    constexpr std::uint64_t minute = 60'000'000;
    while (answers < count) {
      int result = sd_bus_process(bus_, nullptr);
      REQUIRE(result >= 0);
      if (result == 0 && sd_bus_wait(bus_, minute) == 0) return false;
    }
    return true;
  }

  int answers = 0;
  std::vector<std::string> errors;

private:
  sd_bus* bus_ = nullptr;
};

} // namespace

TEST_CASE(
    "when the broker is killed again and again under load, every waiting emit is answered and every task runs once") {
  Session session{{{"count", "start on work\ninstance $N\ntask\nconsole none\nexec sh -c 'echo $N >>@DIR@/ran'\n"}}};
  constexpr int events = 1000, kills = 8;
  WaitingClient client{session.address()};
  for (int i = 0; i < events; ++i) client.emit("work", "N=" + std::to_string(i));
  pid_t broker = 0;
  for (int killed = 0; killed < kills; ++killed) {
    REQUIRE(client.await(killed * events / (kills + 1)));
    broker = session.kill_daemon("upstart-event-broker", broker);
  }
  REQUIRE(client.await(events));
  for (const auto& error : client.errors) FAIL_CHECK(error, "\n", session.messages());
  std::map<std::string, int> ran;
  std::ifstream stream{session.directory() + "/ran"};
  for (std::string line; std::getline(stream, line);) ++ran[line];
  CHECK(ran.size() == events);
  CHECK(std::ranges::all_of(ran, [](const auto& entry) { return entry.second == 1; }));
}
